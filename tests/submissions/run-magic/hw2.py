# %%
%run helper.py
# %%
%run -i more.py
