def resample(b,f): return b
