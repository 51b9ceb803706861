/*
 * registry.h
 *	  The tables of models and versions: reading them directly, writing them as their owner.
 *
 * Nobody but the owner of the tables has the right to write them, and row security hides what a role
 * may not use. The functions here check the caller's right to a model themselves, then read the tables
 * without further checks, or write them through SPI as their owner.
 *
 * This header is all of the registry's but for registry_table.h, which its own files read the tables with.
 */
#ifndef SENTIMENT_REGISTRY_H
#define SENTIMENT_REGISTRY_H

#include "extension/registry_deployment.h"
#include "extension/registry_history.h"
#include "extension/registry_lock.h"
#include "extension/registry_model.h"
#include "extension/registry_privilege.h"
#include "extension/registry_stage.h"
#include "extension/registry_version.h"
#include "extension/registry_writer.h"

#endif /* SENTIMENT_REGISTRY_H */
