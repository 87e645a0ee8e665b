"""Images to learn from: reading IDX files, the embedded digits, MNIST and its download.

`images.load("digits")` needs no network; `mnist.fetch` brings the whole of MNIST. What is printed
and what a screen shows is others' work: functions here return data or raise `TutorError`.
"""
