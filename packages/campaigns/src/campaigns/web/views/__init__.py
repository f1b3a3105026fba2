"""What pages show, gathered from the services and put in order; templates decide nothing."""
