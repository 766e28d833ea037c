"""From sources to one verified file: plan, transfer, parts, proof, landing.

The engine knows bytes, not models: it is told where bytes can be had, how long they are and what they
hash to. Bytes enter in `lane.Lane.fill`, reach the disk in `part.PartFile.write`, are proven in
`prover.Prover`, and get their final name in `landing`.
"""
