"""Line extractors: picture -> line drawing, one file a method."""
