"""Parts of networks in which places look at other places, or at what is asked of them."""
