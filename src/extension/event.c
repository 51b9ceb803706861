/*
 * event.c
 *	  Tells listeners what happens to models.
 */
#include "postgres.h"

#include "commands/async.h"
#include "lib/stringinfo.h"
#include "utils/json.h"

#include "extension/event.h"
#include "extension/settings.h"

/* A payload must be shorter, see NOTIFY_PAYLOAD_MAX_LENGTH in async.c. */
#define MAX_PAYLOAD_LENGTH 7999

/* Begin the object with what every event has. */
static void
append_common_members(StringInfo payload, const char *event, const char *model, int32 version)
{
	appendStringInfoString(payload, "{\"event\": ");
	escape_json(payload, event);
	appendStringInfoString(payload, ", \"model\": ");
	escape_json(payload, model);
	if (version != 0)
		appendStringInfo(payload, ", \"version\": %d", version);
}

void
event_notify(const char *event, const char *model, int32 version, const char *members)
{
	StringInfoData payload;

	if (!notify_events)
		return;
	initStringInfo(&payload);
	append_common_members(&payload, event, model, version);
	if (members != NULL && payload.len + strlen(members) + 3 <= MAX_PAYLOAD_LENGTH)
		appendStringInfo(&payload, ", %s", members);
	appendStringInfoChar(&payload, '}');
	Async_Notify(EVENT_CHANNEL, payload.data);
	pfree(payload.data);
}
