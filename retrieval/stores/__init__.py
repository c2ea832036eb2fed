"""What keeps vectors beside the catalog: one file each for the engines that people run already."""
