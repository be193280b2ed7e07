/** One story told through REST alone and through GraphQL alone: the same answers, the same errors, the same feed event by event. */

import { test } from 'tap';
import { type Caller, openTestDesk } from '../support/desk.ts';
import { type Call, type Extras, type Outcome, throughGraphql, throughRest } from '../support/doors.ts';

/** The eve of China's National Day week, 17:30 in Shanghai. */
const EVE = '2026-09-30T17:30:00+08:00';
const NOBODY = { ticket: 'tkt_01k9zv3m5qe8w9y2f4h6j8m0n1', agent: 'agt_01k9zv3m5qe8w9y2f4h6j8m0n1' };

// biome-ignore lint/suspicious/noExplicitAny: answers are looked into field by field
type Told = any;
interface Page {
  operation: string;
  input: unknown;
  outcome: Outcome;
}

/** Tells the story with every refusal on the way; returns all that was answered. */
async function tell(call: Call): Promise<Page[]> {
  const pages: Page[] = [];
  const said = async (operation: string, input: Record<string, unknown> = {}, extras: Extras = {}): Promise<Told> => {
    const outcome = await call(operation, input, extras);
    pages.push({ operation, input, outcome });
    return outcome.result;
  };

  // Whom it is about, and who works here.
  const customer = await said('createCustomer', {
    name: 'Hua Rui',
    externalIds: { crm: 'C-1' },
    profile: { goals: 'Up' },
  });
  await said('createCustomer', { name: 'Again', externalIds: { crm: 'C-1' } });
  await said('createCustomer', { name: '', tier: 'gold', nickname: 'H' });
  await said('upsertCustomerByExternalId', { system: 'crm', value: 'C-2', name: 'Other' });
  await said('upsertCustomerByExternalId', { system: 'crm', value: 'C-2', name: 'Other' });
  await said(
    'updateCustomer',
    { customerId: customer.id, profile: { goals: null, size: '200' }, notes: null },
    { expectedVersion: 1 },
  );
  await said('updateCustomer', { customerId: customer.id, name: 'Late' }, { expectedVersion: 1 });
  const contact = await said('createContact', {
    customerId: customer.id,
    name: '王丽',
    identities: [{ kind: 'phone', value: '138 0013 8000' }],
  });
  await said('findOrCreateContact', { identities: [{ kind: 'phone', value: '+8613800138000' }] });
  await said('findOrCreateContact', { identities: [{ kind: 'fax', value: '1' }] });
  const team = await said('createTeam', { name: 'Second line' });
  const agent = await said('createAgent', {
    name: '李敏',
    email: 'li.min@example.com',
    seniorityYears: 5,
    teamIds: [team.id],
  });
  await said('createAgent', { name: 'Lost', email: 'lost@example.com', teamIds: [`team_${NOBODY.agent.slice(4)}`] });
  await said('setCustomerTier', { customerId: customer.id, tier: 'core', reason: 'Contract' });
  await said('setCustomerTier', { customerId: customer.id, tier: 'gold', reason: 'Contract' });
  await said('putTerm', { list: 'close_code', key: 'fixed', name: 'Fixed' });
  await said('putTerm', { list: 'status', key: 'waiting_parts', name: 'Parts', category: 'on_hold' });
  await said('putTerm', { list: 'status', key: 'odd', name: 'Odd' });

  // A complaint: made, refused, made again by the same key.
  const complaint = {
    subject: 'Stopped',
    kind: 'complaint',
    channel: 'email',
    contactId: contact.id,
    message: 'Please',
    externalIds: { crm: 'T-1' },
  };
  const { id: ticketId } = await said('createTicket', complaint, { idempotencyKey: 'once' });
  await said('createTicket', complaint, { idempotencyKey: 'once' });
  await said('createTicket', { ...complaint, subject: 'Other' }, { idempotencyKey: 'once' });
  await said('createTicket', complaint);
  await said('createTicket', { ...complaint, kind: 'nothing', channel: 'fax', externalIds: {} });
  await said('createTicket', { ...complaint, contactId: contact.id.replace(/.{4}$/, '0000'), externalIds: {} });
  await said('createTicket', { ...complaint, subject: 'a\u0000b', externalIds: {} });
  await said('createTicket', { ...complaint, customFields: { colour: 'red' }, externalIds: {} });
  await said('getTicket', { ticketId });
  await said('getTicket', { ticketId: NOBODY.ticket });
  await said('getTicketByExternalId', { system: 'crm', value: 'T-1' });
  await said('getTicketByExternalId', { system: 'crm', value: 'T-2' });

  // Every verb, and every verb where it cannot be.
  await said('advanceTestClock', { by: 'PT40M' });
  await said('advanceTestClock', { to: '2026-09-30T00:00:00Z' });
  await said('advanceTestClock', {});
  await said('acceptTicket', { ticketId });
  await said('acceptTicket', { ticketId, agentId: NOBODY.agent });
  await said('acceptTicket', { ticketId, agentId: agent.id });
  await said('addMessage', { ticketId, body: 'A note', visibility: 'internal' });
  await said('addMessage', { ticketId, body: 'A machine', author: 'bot' });
  await said('addMessage', { ticketId, body: 'Hello', channel: 'fax' });
  await said('addMessage', { ticketId, body: 'Secret', author: 'customer', visibility: 'internal' });
  await said('addMessage', { ticketId, body: 'We are on it' }, { idempotencyKey: 'reply' });
  await said('addMessage', { ticketId, body: 'We are on it' }, { idempotencyKey: 'reply' });
  await said('confirmUnderstanding', { ticketId, restatement: 'The line has stopped.' });
  await said('confirmUnderstanding', { ticketId });
  await said('assignTicket', { ticketId, agentId: null, reason: 'Holiday' });
  await said('assignTicket', { ticketId, agentId: agent.id });
  await said('transferTicket', { ticketId, teamId: team.id, reason: 'Parts', agentId: agent.id });
  await said('transferTicket', { ticketId, teamId: team.id });
  await said('changePriority', { ticketId, priority: 'urgent', reason: 'Line down' });
  await said('changePriority', { ticketId, priority: 'burning' });
  await said('updateTicket', { ticketId, kind: 'basic', tags: ['line'], problemType: 'product_fault' });
  await said('updateTicket', { ticketId, kind: null });
  await said('updateTicket', { ticketId, status: 'open' });
  await said('updateTicket', {
    ticketId,
    externalIds: { crm: null, erp: '7' },
    fault: { symptom: 'Noise', reach: 'All' },
  });
  await said('updateTicket', { ticketId, fault: { reach: null, frequency: 'Daily' }, tags: [] });
  await said('chaseTicket', { ticketId, note: 'Where is it?' });
  await said('addMessage', { ticketId, body: 'And now?', author: 'customer' });
  await said('setPending', { ticketId, reason: 'Asked for a photo' });
  await said('setPending', { ticketId });
  await said('advanceTestClock', { by: 'PT2H' });
  await said('addMessage', { ticketId, body: 'Here it is', author: 'customer' });
  await said('answerContact', { ticketId });
  await said('changeStatus', { ticketId, status: 'waiting_parts' });
  await said('changeStatus', { ticketId, status: 'nowhere' });
  await said('changeStatus', { ticketId, status: 'new' });
  await said('suspendTicket', { ticketId, until: '2026-10-01T09:00:00+08:00', reason: 'Parts' });
  await said('suspendTicket', { ticketId, until: '2026-09-01T09:00:00+08:00', reason: 'Parts' });
  await said('advanceTestClock', { to: '2026-10-02T10:00:00+08:00' });
  await said('reopenTicket', { ticketId });
  await said('solveTicket', { ticketId, closeCode: 'nothing' });
  await said('solveTicket', { ticketId, closeCode: 'fixed', reason: 'Belt changed' });
  await said('solveTicket', { ticketId });
  await said('setPending', { ticketId });
  await said('setCustomerTier', { customerId: customer.id, tier: 'normal', reason: 'Contract ended' });
  await said('reopenTicket', { ticketId, reason: 'Again' });
  await said('listTicketClocks', { ticketId });
  await said('getTicketClockExplanation', { ticketId, metric: 'resolution' });
  await said('getTicketClockExplanation', { ticketId, metric: 'update' });
  await said('solveTicket', { ticketId });

  // A promise made otherwise, and what it means to the ticket when something of it changes.
  const policies = await said('listPolicies', { limit: 200 });
  const policy = policies.data.find(({ key }: { key: string }) => key === 'normal-async');
  await said(
    'updatePolicy',
    { policyId: policy.id, objectives: [{ metric: 'resolution', target: 'PT1M' }] },
    { expectedVersion: 1 },
  );
  await said('updatePolicy', { policyId: policy.id, objectives: [{ metric: 'resolution', target: 'P1W' }] });
  await said('updatePolicy', { policyId: policy.id, match: { tiers: ['gold'] } });
  await said('createPolicy', { key: 'normal-async', name: 'Twice', objectives: [] });
  const calendar = await said('createCalendar', {
    key: 'nights',
    name: 'Nights',
    timeZone: 'Asia/Shanghai',
    week: { mon: [['22:00', '06:00']] },
  });
  await said('createCalendar', { key: 'never', name: 'Never', timeZone: 'Asia/Shanghai', week: {} });
  await said('updateCalendar', {
    calendarId: calendar.id,
    week: { tue: [['22:00', '06:00']] },
    holidays: ['2026-10-01'],
  });
  await said('addBusinessTime', { calendar: 'nights', start: EVE, duration: 'PT9H' });
  await said('addBusinessTime', { calendar: 'days', start: EVE, duration: 'PT9H' });
  await said('addBusinessTime', { calendar: 'nights', start: EVE, duration: 'PT9H', seconds: 5 });
  await said('simulateServiceLevels', {
    policy: { objectives: [{ metric: 'first_response', target: 'PT1H', calendar: 'nights', warnAt: [0.5] }] },
    events: [
      { at: EVE, type: 'created' },
      { at: EVE, type: 'tier_changed' },
    ],
    asOf: [EVE],
  });
  await said('changePriority', { ticketId, priority: 'low' });
  await said('deleteCalendar', { calendarId: calendar.id });
  await said('getCalendar', { calendarId: calendar.id });

  // The survey: asked by itself, answered, changed, refused.
  await said('advanceTestClock', { by: 'P1D' });
  const [invitation] = (await said('listSurveyInvitations', { ticketId })).data;
  const { token } = invitation;
  await said('inviteToSurvey', { ticketId });
  await said('getSurvey', { token });
  await said('getSurvey', { token: 'nonsense' });
  await said('answerSurvey', { token, overall: 9 });
  await said('answerSurvey', { token, overall: 2, dimensions: { attitude: 1 }, comment: 'Slow' });
  await said('answerSurvey', { token, overall: 4 });
  await said('cancelSurveyInvitation', { invitationId: invitation.id });
  await said('getSatisfaction', {});
  await said('getAttainment', { groupBy: 'tier' });

  // A second ticket goes into a third one, and the first one ends.
  const plain = { subject: 'A question', kind: 'basic', channel: 'live_chat', customerId: customer.id };
  const second = await said('createTicket', {
    ...plain,
    createdBy: 'agent',
    message: 'We noticed',
    assigneeId: agent.id,
    teamId: team.id,
  });
  const third = await said('createTicket', plain);
  await said('mergeTicket', { ticketId: second.id, intoId: second.id });
  await said('mergeTicket', { ticketId: second.id, intoId: NOBODY.ticket });
  await said('mergeTicket', { ticketId: second.id, intoId: third.id, reason: 'Same' });
  await said('mergeTicket', { ticketId: third.id, intoId: second.id });
  await said('addMessage', { ticketId: second.id, body: 'Too late' });
  await said('closeTicket', { ticketId, closeCode: 'fixed' });
  for (const name of [
    'closeTicket',
    'solveTicket',
    'reopenTicket',
    'setPending',
    'acceptTicket',
    'chaseTicket',
    'answerContact',
  ]) {
    await said(name, { ticketId });
  }
  await said('updateTicket', { ticketId, subject: 'New' });
  await said('listMessages', { ticketId: third.id });
  await said('listTicketEvents', { ticketId });
  await said('listTickets', { sort: 'number', limit: 2 });
  await said('listTickets', { q: 'stopped' });
  await said('listCustomerTiers', { customerId: customer.id });
  await said('deleteCustomer', { customerId: customer.id });
  await said('deleteTeam', { teamId: team.id });
  await said('getMe');
  await said('getWorkspace');
  return pages;
}

async function feedOf(caller: Caller): Promise<Told[]> {
  const events: Told[] = [];
  for (let after: string | null = ''; after !== null; ) {
    const { body } = await caller.rest(`GET /v1/events?limit=200${after && `&after=${after}`}`);
    events.push(...body.data);
    after = body.nextCursor;
  }
  return events.map(({ id: _id, sequence: _sequence, recordedAt: _recorded, ...event }) => event);
}

/** Ids by their place in the story; what has no value is as good as absent; what differs by nature is left out. */
function comparable(thing: unknown, names: Map<string, string>, door: string): Told {
  const walk = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') {
      if (key === 'door') return value === door ? 'the door' : value;
      if (['nextCursor', 'hint', 'token'].includes(key)) return `a ${key}`;
      return value.replace(/\/s\/[\w-]+/g, '/s/token').replaceAll(/\b[a-z]{2,4}_[0-9a-hjkmnp-tv-z]{26}\b/g, (id) => {
        if (!names.has(id)) names.set(id, `${id.split('_')[0]}#${names.size}`);
        return names.get(id)!;
      });
    }
    if (Array.isArray(value)) return value.map((item) => walk(item, key));
    if (typeof value !== 'object' || value === null) return value;
    const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(
      entries.filter(([, item]) => item !== null && item !== undefined).map(([name, item]) => [name, walk(item, name)]),
    );
  };
  return walk(thing, '');
}

/** Where they differ, in words that can be read. */
function differences(rest: Told, graphql: Told, at: string): string[] {
  if (typeof rest !== 'object' || typeof graphql !== 'object' || rest === null || graphql === null) {
    return rest === graphql ? [] : [`${at}: ${JSON.stringify(rest)} by REST, ${JSON.stringify(graphql)} by GraphQL`];
  }
  return [...new Set([...Object.keys(rest), ...Object.keys(graphql)])].flatMap((name) =>
    differences(rest[name], graphql[name], `${at}.${name}`),
  );
}

test('the same story through REST and through GraphQL: answers, errors and feed', async (t) => {
  const desk = await openTestDesk(t);
  const [restCaller, graphqlCaller] = [await desk.testWorkspace(EVE), await desk.testWorkspace(EVE)];
  const rest = await tell(throughRest(restCaller));
  const graphql = await tell(throughGraphql(graphqlCaller));
  t.equal(rest.length, graphql.length);
  const [restNames, graphqlNames] = [new Map<string, string>(), new Map<string, string>()];
  const byTypes: string[] = [];
  for (const [index, page] of rest.entries()) {
    const error = graphql[index]!.outcome.error;
    if (page.outcome.error?.code === 'validation_failed' && error?.code === 'bad_request') {
      // What GraphQL's own types refuse, an unknown field or an enum's missing value, never becomes an operation.
      t.match(error.message, /^Variable "\$input" got invalid value/);
      byTypes.push(page.operation);
      continue;
    }
    const found = differences(
      comparable(page.outcome, restNames, 'rest'),
      comparable(graphql[index]!.outcome, graphqlNames, 'graphql'),
      `${index} ${page.operation}`,
    );
    t.strictSame(found, [], `${page.operation} ${JSON.stringify(page.input)}`);
  }
  t.strictSame(byTypes, ['createCustomer', 'transferTicket', 'changePriority', 'updateTicket']);
  const refused = rest.filter(({ outcome }) => outcome.error !== null).length;
  t.ok(refused > 40 && refused < rest.length / 2 + 10, `${refused} of ${rest.length} are refused`);

  const feeds = [await feedOf(restCaller), await feedOf(graphqlCaller)] as const;
  const [restFeed, graphqlFeed] = [
    comparable(feeds[0], restNames, 'rest'),
    comparable(feeds[1], graphqlNames, 'graphql'),
  ];
  t.strictSame(
    graphqlFeed.map(({ type, occurredAt }: Told) => `${occurredAt} ${type}`),
    restFeed.map(({ type, occurredAt }: Told) => `${occurredAt} ${type}`),
  );
  t.strictSame(differences(restFeed, graphqlFeed, 'feed'), []);
  if (process.env['SHOW']) {
    for (const { operation, input, outcome } of rest)
      console.log(
        operation,
        JSON.stringify(input).slice(0, 100),
        '=>',
        JSON.stringify(outcome.error ?? outcome.result).slice(0, Number(process.env['SHOW'])),
      );
    for (const e of restFeed) console.log(e.occurredAt, e.type, JSON.stringify(e.data).slice(0, 200));
  }
});
