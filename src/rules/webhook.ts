/** Which events a webhook is told of. */

/** A type of its list, or one of a subject it wants all of; an empty list wants everything. */
export function wants(eventTypes: readonly string[], type: string): boolean {
  return eventTypes.length === 0 || eventTypes.includes(type) || eventTypes.includes(`${type.split('.')[0]}.*`);
}

/** About the webhook or its deliveries: told to it, a failure would go on making failures. */
export function isAbout(
  event: { subject: string; data: Readonly<Record<string, unknown>> },
  webhookId: string,
): boolean {
  return event.subject === webhookId || event.data['webhookId'] === webhookId;
}
