"""What a long-lived process shares, whichever face it shows: open bases, tokens, queue, jobs, uploads."""
