"""Networks of other programs that find lines, from TorchScript and ONNX files: read, fed, tiled, and read off."""
