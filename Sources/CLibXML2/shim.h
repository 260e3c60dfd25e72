#pragma once

/* Debian's <libxml/encoding.h> includes ICU's headers, which clash with the
   ones Foundation brings. Nothing here needs libxml2's ICU converters. */
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <libxml/dict.h>
#include <libxml/xmlerror.h>
#include <libxml/xmlschemas.h>
