/* SPDX-License-Identifier: Apache-2.0 */
/* The golden scenarios through the C interface. ../README.md has their steps. Prints to standard
 * output; one thread. */
#ifndef MECHA_TESTS_GOLDEN_C_SCENARIOS_H
#define MECHA_TESTS_GOLDEN_C_SCENARIOS_H

#include <mecha/mecha.h>

/* A text of C as a view. */
mecha_view View(const char* text);

/* Opens and starts a runtime on the resources in `folder`; ends the program when it cannot. */
mecha_runtime* Start(const char* folder);

/* Pauses this thread. */
void Sleep(int milliseconds);

void RunState(const char* folder);
void RunSecrets(const char* folder);
void RunErrors(const char* folder);
void RunPubSub(const char* folder);
void RunDrain(const char* folder);

#endif /* MECHA_TESTS_GOLDEN_C_SCENARIOS_H */
