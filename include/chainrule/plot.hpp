#pragma once
// Pictures, in matplotlib's manner: charts as SVG files (Figure), pixels as PNG (save_images), a training::History as
// curves (history_figure). Not in chainrule.hpp: it costs nothing unless included.
//     plot::Figure f;
//     f.line(epochs, losses, {.label = "train"});
//     f.save("loss.svg");

#include <chainrule/plot/figure.hpp>
#include <chainrule/plot/history.hpp>
#include <chainrule/plot/save_images.hpp>
