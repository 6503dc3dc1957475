"""Every cell judged: against its peers, by grade, ahead of its end of line."""
