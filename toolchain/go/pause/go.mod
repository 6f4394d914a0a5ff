module metal3-scale-lab/toolchain/go/pause

go 1.25.0
