"""What a long-lived process shares across its interfaces: open bases, tokens, queue, jobs, uploads."""
