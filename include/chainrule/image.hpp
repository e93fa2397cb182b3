#pragma once
// Image files: pictures into tensors and back. Not part of chainrule.hpp: a program that reads or writes pictures
// includes it. Needs stb_image.h and stb_image_write.h (libstb-dev).

#include <chainrule/image/decode.hpp>
#include <chainrule/image/encode.hpp>
