/* contrast.h -- everything public, for programs that do not mind. */
#ifndef CT_CONTRAST_H
#define CT_CONTRAST_H

#define CT_VERSION  "0.1.0"
#define CT_RELEASED "2026-11-28"

#include "contrast/activation.h"
#include "contrast/arena.h"
#include "contrast/data.h"
#include "contrast/datasets.h"
#include "contrast/device.h"
#include "contrast/diagnose.h"
#include "contrast/landmarks.h"
#include "contrast/loss.h"
#include "contrast/measures.h"
#include "contrast/models.h"
#include "contrast/nn.h"
#include "contrast/ops.h"
#include "contrast/optim.h"
#include "contrast/plain.h"
#include "contrast/random.h"
#include "contrast/real.h"
#include "contrast/scalar.h"
#include "contrast/status.h"
#include "contrast/tensor.h"

#endif
