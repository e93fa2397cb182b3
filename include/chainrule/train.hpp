#pragma once
// What a training loop shows: progress, averages, accuracy, the confusion matrix, the table of layers.

#include <chainrule/train/history.hpp>
#include <chainrule/train/meter.hpp>
#include <chainrule/train/metrics.hpp>
#include <chainrule/train/progress.hpp>
#include <chainrule/train/summary.hpp>
