"""A live server held against the services: what it is asked, what it answers, nothing left behind (decision 0019)."""
