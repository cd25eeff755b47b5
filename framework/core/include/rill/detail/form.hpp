// SPDX-License-Identifier: BSL-1.0
#pragma once

// Core has two forms, as Asio has. Header-only, it needs no library: the bodies in rill/impl are
// inline functions, which each header includes at its end. Compiled separately, headers declare, and
// one source file of the program, or the library rill::core_compiled, has the bodies, through
// rill/src.hpp. RILL_SEPARATE_COMPILATION chooses the second one, for a whole program.
//
// Each form has an inline namespace of its own, so that parts of a program that were built in
// different forms do not link where they exchange anything of Rill's.

#ifdef RILL_SEPARATE_COMPILATION
#define RILL_FORM inline compiled
#define RILL_DECL
#else
#define RILL_FORM inline header_only
#define RILL_DECL inline
#endif
