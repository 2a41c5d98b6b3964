"""The same small GAN in TensorFlow, Keras and PyTorch, and what each of them costs.  Lesson 14."""
