/* SPDX-License-Identifier: Apache-2.0 */
/**
 * @file mecha.h
 * Everything: includes the other C headers. Start with runtime.h and state.h.
 */
#ifndef MECHA_MECHA_H
#define MECHA_MECHA_H

#include "types.h"

#include "component.h"
#include "pubsub.h"
#include "queue.h"
#include "result.h"
#include "runtime.h"
#include "secretstores.h"
#include "serve.h"
#include "state.h"

#endif /* MECHA_MECHA_H */
