// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <boost/config.hpp>

// What core can be built as. The program decides it, once for all of its parts.
//
// RILL_SEPARATE_COMPILATION: as Asio's macro of that name. Without it core needs no library: the
// bodies in rill/impl are inline functions, which each header includes at its end. With it, headers
// declare, and one source file of the program, or the library rill::core_compiled, has the bodies,
// through rill/src.hpp.
//
// RILL_COROUTINE_PLACES: every coroutine that returns an awaitable notes where it waits, the
// program's own as well, for dumps of tasks and for debug mode; see detail/coroutine_frame.hpp. The
// layers from net upwards turn it on. Without it coroutines are those of Asio, and such dumps know
// the places of Rill's waits only.
//
// Each combination is an inline namespace of its own, so that parts of a program that were built
// differently do not link where they exchange anything of Rill's.

#if defined(RILL_SEPARATE_COMPILATION) && defined(RILL_COROUTINE_PLACES)
#define RILL_FORM inline compiled_with_places
#elif defined(RILL_SEPARATE_COMPILATION)
#define RILL_FORM inline compiled
#elif defined(RILL_COROUTINE_PLACES)
#define RILL_FORM inline header_only_with_places
#else
#define RILL_FORM inline header_only
#endif

#ifdef RILL_SEPARATE_COMPILATION
#define RILL_DECL
#else
#define RILL_DECL inline
#endif

// What a program has one of stays visible where its parts are compiled with -fvisibility=hidden:
// shared libraries, each of which would have one of its own. Types need not: they are told apart by
// their names.
#define RILL_ONE_PER_PROGRAM BOOST_SYMBOL_VISIBLE

// Whoever opens rill::detail from here on, without a form, means this one.
namespace rill::RILL_FORM::detail {}
