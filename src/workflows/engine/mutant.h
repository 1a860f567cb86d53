/*
 * workflows/engine/mutant.h - broken copies of the engine, for the proof that simulation finds
 * what is broken. The program is always built with 0; see meson.build.
 */
#pragma once

#define ENGINE_DROPS_WAKE_UP 1 /* nobody is woken by a child that failed */
#define ENGINE_GRANTS_TWICE  2 /* a lock has one holder more than its limit */
#define ENGINE_FORGETS_CHILD 3 /* after a restart steps do not wait for what runs */

#ifndef ENGINE_MUTANT
#define ENGINE_MUTANT 0
#endif
