"""``./hub watch``: the samples of one integration, run again in the same process at each save."""
