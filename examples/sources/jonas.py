# notebook: jupyter
