# notebook: colab
# %% [markdown]
# # 7.1 From fully connected layers to convolutions
#
# ## Discussion
#
# Shuffle the pixels of every picture in the same way: a dense network learns just as well as before, a person is lost. This shows
# how much structure a dense network ignores. The convolution puts back the two facts that matter, neighbourhood and repetition.
#
# If $\Delta = 0$, only the channel vector of a single pixel is used: a dense layer for each pixel.
# %%

