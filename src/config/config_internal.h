/* config/config_internal.h - what the files of this room share. */
#pragma once

#include "objects/field.h"

extern const struct shape config_shape;
