#pragma once
// The heavy CPU kernels: matrix product, convolution, pooling. Including this file enrols them.

