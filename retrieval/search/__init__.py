"""One question: lanes are asked, fused, ordered, weighed, explained."""
