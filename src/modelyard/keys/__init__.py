"""Keys of hubs: where they are kept, which origin they may go to, and how they are kept out of every text."""
