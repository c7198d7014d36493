/* SPDX-License-Identifier: Apache-2.0 */
/* A library of somebody else. It knows nothing of Mecha. */
int foreign_answer(void);
int foreign_answer(void) { return 42; }
