"""From a line drawing to labelled regions and what is known of them."""
