#pragma once
// Transforms: what a data set does to each sample, with torchvision's names. Each works on uint8 images, (H, W) or
// (H, W, C), and on float images, (..., C, H, W), unless it says otherwise; transforms::functional has the forms
// without chance. A transform of your own is anything that can be called with the sample: data/transforms/step.hpp.

#include <chainrule/data/transforms/compose.hpp>
#include <chainrule/data/transforms/crop.hpp>
#include <chainrule/data/transforms/erase.hpp>
#include <chainrule/data/transforms/flip.hpp>
#include <chainrule/data/transforms/grayscale.hpp>
#include <chainrule/data/transforms/image.hpp>
#include <chainrule/data/transforms/rotate.hpp>
#include <chainrule/data/transforms/step.hpp>
#include <chainrule/data/transforms/values.hpp>
