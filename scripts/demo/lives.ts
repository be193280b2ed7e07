/** Two tickets from their first second to their survey. Whatever is shown was answered by the desk. */

import { type Desk, type DeskEvent, expect, type Ticket, type Workspace } from './desk.ts';
import { Screen } from './screen.ts';

interface Agent {
  id: string;
  name: string;
  seniorityYears: number;
}

interface Customer {
  id: string;
  name: string;
  tier: string;
}

interface Contact {
  id: string;
  name: string;
  salutation: string;
  identities: { kind: string; value: string }[];
}

interface Invitation {
  url: string;
  token: string;
  language: string;
}

interface SurveyAnswer {
  overall: number;
  scale: number;
  dimensions: Record<string, number>;
  comment: string;
  low: boolean;
}

/** A test workspace, its clock and what is shown of it. */
interface Stage {
  desk: Desk;
  screen: Screen;
  /** The last event that was shown. */
  seen: string | null;
}

/** What the desk does by itself when time passes. */
const BY_ITSELF = ['clock.warned', 'clock.breached', 'survey.invited'];

/** The first life begins at this instant, the second one after it. */
export const BEGINNING = '2026-09-30T17:20:00+08:00';

export async function tellLives(desk: Desk, workspace: Workspace): Promise<void> {
  const stage: Stage = { desk, screen: new Screen(workspace.timeZone), seen: null };
  const team = await desk.post<{ id: string; name: string }>('/teams', { name: 'Customer care' });
  const ids = [await complaintOnTheEve(stage, team), await chatAtClosingTime(stage, team)];
  await tellOutcome(stage, ids);
}

// ── The first life ──────────────────────────────────────────────────────────────────────────────────────────────────

async function complaintOnTheEve(stage: Stage, team: { id: string; name: string }): Promise<string> {
  const { desk, screen } = stage;
  screen.heading('1. A core customer complains on the eve of National Day');
  const agent = await hire(stage, team, { name: '陈静', email: 'chen.jing@desk.example', seniorityYears: 6 });
  const customer = await meetCustomer(stage, 'C-1001', '华瑞电子', 'core', 'Framework contract for 2026');
  const contact = await meetContact(stage, customer, {
    name: '王丽',
    familyName: '王',
    honorific: '女士',
    language: 'zh-CN',
    identities: [
      { kind: 'phone', value: '138 0013 8000' },
      { kind: 'email', value: 'Wang.Li@huarui.example' },
    ],
  });
  const who = contact.salutation;
  screen.gap();

  let ticket = await desk.post<Ticket>('/tickets', {
    subject: 'Line 3 has stopped',
    kind: 'complaint',
    channel: 'email',
    customerId: customer.id,
    contactId: contact.id,
    teamId: team.id,
    message: 'The replacement board does not fit either. We lose a batch every hour.',
    externalIds: { crm: 'T-7' },
  });
  expect('The tier of the ticket', ticket.tier, 'core');
  expectDue(ticket, 'first_response', '2026-09-30T18:20:00+08:00');
  expectDue(ticket, 'resolution', '2026-10-01T17:20:00+08:00');
  screen.step(BEGINNING, `${who} writes: ${ticket.kind} #${ticket.number} by ${ticket.channel}, “${ticket.subject}”`);
  screen.clocks(ticket);
  const office = { calendar: 'cn-office', start: BEGINNING, duration: 'PT24H' };
  const { at } = await desk.post<{ at: string }>('/business-time/add', office);
  screen.detail(`(24 hours of office time would last until ${screen.time(at)}; this promise knows no holiday)`);

  await advance(stage, '2026-09-30T17:54:00+08:00');
  ticket = await act(stage, agent, ticket, 'accept', `${agent.name} takes it`);
  await advance(stage, '2026-09-30T17:58:00+08:00');
  ticket = await reply(stage, agent, ticket, who, 'we have the wrong board in our list. Which number is on yours?');
  expectState(ticket, 'first_response', 'met');
  await advance(stage, '2026-09-30T18:03:00+08:00');
  ticket = await act(stage, agent, ticket, 'confirm-understanding', `${who} confirms how ${agent.name} put it`, {
    restatement: 'Line 3 stands still: board B was delivered for a machine that needs board C.',
  });
  ticket = await act(stage, agent, ticket, 'pending', `pending: ${agent.name} waits for a photo of the label`);
  const running = ticket.clocks.find(({ metric }) => metric === 'resolution')!;
  expect('The resolution while pending', running.state, 'running');
  screen.detail(`resolution goes on ${running.state}, due ${screen.time(running.dueAt)}: nothing stops this one`);

  await advance(stage, '2026-09-30T20:45:00+08:00');
  ticket = await hear(stage, ticket, who, 'Here is the photo. It says C-2.');
  expect('The status after the photo', ticket.status, 'open');
  await advance(stage, '2026-09-30T21:02:00+08:00');
  ticket = await reply(stage, agent, ticket, who, 'thank you. A technician brings C-2 tomorrow morning.');
  await advance(stage, '2026-10-01T11:20:00+08:00');
  ticket = await act(stage, agent, ticket, 'solve', `${agent.name} solves it: line 3 runs`, {
    reason: 'Board C-2 was fitted.',
  });
  expectState(ticket, 'resolution', 'met');
  screen.detail(`the survey is planned for ${screen.time(ticket.surveyAt)}`);

  await advance(stage, '2026-10-02T09:00:00+08:00');
  ticket = await hear(stage, ticket, who, 'It has stopped again, with the same light.');
  expect('How often it was reopened', ticket.reopenCount, 1);
  expect('The survey of a reopened ticket', ticket.surveyAt, null);
  expectDue(ticket, 'resolution', '2026-10-02T15:00:00+08:00');
  screen.detail('reopened: what was left of the 24 hours goes on, and the survey is called off');
  await advance(stage, '2026-10-02T09:20:00+08:00');
  ticket = await reply(stage, agent, ticket, who, 'the technician is on his way back to you.');
  const events = await advance(stage, '2026-10-02T15:40:00+08:00');
  const breach = events.find(({ type }) => type === 'clock.breached');
  expect('The subject of the breach', breach?.subject, ticket.id);
  expect('When it was broken', breach && Date.parse(breach.occurredAt), Date.parse('2026-10-02T15:00:00+08:00'));
  screen.detail('as the feed tells it to whoever listens (GET /v1/events?type=clock.breached):');
  screen.json(breach);
  ticket = await act(stage, agent, ticket, 'solve', `${agent.name} solves it for good`, {
    reason: 'The power supply was replaced, too.',
  });
  expectState(ticket, 'resolution', 'missed');

  const invitation = await surveyed(stage, ticket, '2026-10-03T15:40:00+08:00');
  await advance(stage, '2026-10-04T10:00:00+08:00');
  const page = await desk.page(`/s/${invitation.token}`);
  expect('The survey page', page.status, 200);
  const status = await desk.submit(`/s/${invitation.token}`, {
    overall: '3',
    'dimension.efficiency': '2',
    'dimension.attitude': '5',
    'dimension.reasonableness': '4',
    comment: 'Kind people. But it had to be done twice.',
  });
  expect('The answer to the survey page', status, 303);
  await tellAnswer(stage, ticket, `${who} answers on the page`, '2026-10-04T10:00:00+08:00', 3);
  return ticket.id;
}

// ── The second life ─────────────────────────────────────────────────────────────────────────────────────────────────

async function chatAtClosingTime(stage: Stage, team: { id: string; name: string }): Promise<string> {
  const { desk, screen } = stage;
  screen.heading('2. A normal customer opens a live chat ten seconds before closing time');
  const begins = '2026-10-08T21:59:50+08:00';
  await advance(stage, begins);
  const agent = await hire(stage, team, { name: '李明', email: 'li.ming@desk.example', seniorityYears: 1 });
  const customer = await meetCustomer(stage, 'C-2042', '刘洋', 'normal');
  const contact = await meetContact(stage, customer, {
    name: '刘洋',
    familyName: '刘',
    honorific: '先生',
    language: 'zh-CN',
    identities: [{ kind: 'wechat_openid', value: 'oLiuYang2042' }],
  });
  const who = contact.salutation;
  screen.gap();

  let ticket = await desk.post<Ticket>('/tickets', {
    subject: 'Invoice to the wrong name',
    kind: 'basic',
    channel: 'live_chat',
    customerId: customer.id,
    contactId: contact.id,
    teamId: team.id,
    message: 'Hello? My invoice is made out to somebody else.',
  });
  // Ten seconds tonight, twenty tomorrow from eight.
  expectDue(ticket, 'first_response', '2026-10-09T08:00:20+08:00');
  screen.step(begins, `${who} asks: ${ticket.kind} #${ticket.number} by ${ticket.channel}, “${ticket.subject}”`);
  screen.clocks(ticket);
  screen.detail('(service hours are 08:00 to 22:00: ten seconds count tonight, the rest in the morning)');
  await advance(stage, '2026-10-08T21:59:52+08:00');
  await desk.post(`/tickets/${ticket.id}/messages`, { author: 'bot', body: 'We are back at eight.' });
  ticket = await reread(stage, ticket);
  expectState(ticket, 'first_response', 'running');
  screen.step('2026-10-08T21:59:52+08:00', 'the bot answers; a bot keeps no promise');
  screen.clocks(ticket);

  await advance(stage, '2026-10-09T08:00:09+08:00');
  ticket = await act(stage, agent, ticket, 'accept', `${agent.name} takes it`);
  ticket = await reply(stage, agent, ticket, who, 'good morning. I see an invoice to 刘阳. Is it that one?');
  expectState(ticket, 'first_response', 'met');
  await advance(stage, '2026-10-09T08:01:00+08:00');
  ticket = await act(stage, agent, ticket, 'confirm-understanding', `${who} confirms the problem`, {
    restatement: 'The invoice names 刘阳 instead of 刘洋.',
  });
  ticket = await act(stage, agent, ticket, 'pending', `pending: ${agent.name} waits for the order number`);
  expectState(ticket, 'resolution', 'paused');
  await advance(stage, '2026-10-10T14:30:00+08:00');
  ticket = await hear(stage, ticket, who, 'Sorry, I was away. It is order 88-1204.');
  expectState(ticket, 'resolution', 'running');
  await advance(stage, '2026-10-10T14:31:10+08:00');
  ticket = await reply(stage, agent, ticket, who, 'here is the new invoice.');
  await advance(stage, '2026-10-10T14:40:00+08:00');
  ticket = await act(stage, agent, ticket, 'solve', `${agent.name} solves it`);
  expectState(ticket, 'resolution', 'met');

  const invitation = await surveyed(stage, ticket, '2026-10-11T14:40:00+08:00');
  await advance(stage, '2026-10-11T15:00:00+08:00');
  await desk.post('/survey-answers', {
    token: invitation.token,
    overall: 5,
    dimensions: { efficiency: 5, attitude: 5, reasonableness: 5 },
    comment: 'One minute!',
  });
  await tellAnswer(stage, ticket, `${who} answers from within a chat window`, '2026-10-11T15:00:00+08:00', 5);
  return ticket.id;
}

// ── What came of it ─────────────────────────────────────────────────────────────────────────────────────────────────

async function tellOutcome({ desk, screen }: Stage, ids: string[]): Promise<void> {
  screen.heading('What was promised, and what came of it');
  const { data } = await desk.get<{ data: Ticket[] }>('/tickets?include=clocks&sort=number');
  expect('The tickets', data.map(({ id }) => id).join(), ids.join());
  screen.summary(data);
  const clocks = data.flatMap((ticket) => ticket.clocks);
  const broken = clocks.filter(({ breached }) => breached).length;
  expect('Promises that were broken', broken, 1);
  const { answers, average, csat } = await desk.get<{ answers: number; average: number; csat: number }>(
    '/satisfaction',
  );
  expect('Answers to surveys', answers, 2);
  screen.gap();
  screen.person('promises', `${clocks.length - broken} of ${clocks.length} kept`);
  screen.person('surveys', `${answers} answers, ${average} of 5 on average, ${Math.round(csat * 100)} % satisfied`);
}

// ── Steps ───────────────────────────────────────────────────────────────────────────────────────────────────────────

async function hire(
  { desk, screen }: Stage,
  team: { id: string; name: string },
  fields: { name: string; email: string; seniorityYears: number },
): Promise<Agent & { desk: Desk }> {
  const agent = await desk.post<Agent>('/agents', { ...fields, teamIds: [team.id] });
  const { key } = await desk.post<{ key: string }>('/keys', { name: agent.name, role: 'agent', agentId: agent.id });
  const years = `${agent.seniorityYears} ${agent.seniorityYears === 1 ? 'year' : 'years'} in service`;
  screen.person('agent', `${agent.name}, ${years}, team ${team.name}`);
  return { ...agent, desk: desk.as(key) };
}

/** As a CRM does: by its own number, as often as it likes. */
async function meetCustomer(
  { desk, screen }: Stage,
  number: string,
  name: string,
  tier: string,
  reason?: string,
): Promise<Customer> {
  const upserted = await desk.put<{ customer: Customer }>(`/customers/by-external-id/crm/${number}`, { name });
  let { customer } = upserted;
  if (reason !== undefined) customer = await desk.post<Customer>(`/customers/${customer.id}/tier`, { tier, reason });
  expect(`The tier of ${name}`, customer.tier, tier);
  screen.person('customer', `${customer.name}, tier ${customer.tier}, ${number} in the CRM`);
  return customer;
}

async function meetContact({ desk, screen }: Stage, customer: Customer, fields: object): Promise<Contact> {
  const person = { ...fields, customerId: customer.id };
  const { contact } = await desk.post<{ contact: Contact }>('/contacts/find-or-create', person);
  const identities = contact.identities.map(({ kind, value }) => `${kind} ${value}`).join(', ');
  screen.person('contact', `${contact.name}, called ${contact.salutation}; ${identities}`);
  return contact;
}

/** Moves the clock, and shows what the desk did on the way; answers these events. */
async function advance(stage: Stage, to: string): Promise<DeskEvent[]> {
  const { desk, screen } = stage;
  const { now } = await desk.post<{ now: string }>('/test-clock/advance', { to });
  expect('The clock', Date.parse(now), Date.parse(to));
  const events = await desk.events(stage.seen, BY_ITSELF);
  for (const event of events) {
    stage.seen = event.sequence;
    if (event.type === 'clock.warned') screen.warning(event);
    if (event.type === 'clock.breached') screen.breach(event);
  }
  return events;
}

async function act(
  { desk, screen }: Stage,
  agent: { desk: Desk },
  { id }: Ticket,
  verb: string,
  words: string,
  body: object = {},
): Promise<Ticket> {
  const ticket = await agent.desk.post<Ticket>(`/tickets/${id}/${verb}`, body);
  const { now } = await desk.get<{ now: string }>('/test-clock');
  screen.step(now, words);
  screen.clocks(ticket);
  return ticket;
}

async function reply(stage: Stage, agent: Agent & { desk: Desk }, ticket: Ticket, who: string, words: string) {
  const body = `${who}, ${words}`;
  const message = await agent.desk.post<Said>(`/tickets/${ticket.id}/messages`, { body });
  return tellSaid(stage, ticket, `${agent.name} answers: “${message.body}”`, message);
}

async function hear(stage: Stage, ticket: Ticket, who: string, body: string): Promise<Ticket> {
  const message = await stage.desk.post<Said>(`/tickets/${ticket.id}/messages`, { author: 'customer', body });
  return tellSaid(stage, ticket, `${who} writes: “${message.body}”`, message);
}

interface Said {
  body: string;
  createdAt: string;
}

async function tellSaid(stage: Stage, before: Ticket, words: string, { createdAt }: Said): Promise<Ticket> {
  const ticket = await reread(stage, before);
  stage.screen.step(createdAt, words);
  stage.screen.clocks(ticket);
  return ticket;
}

async function reread({ desk }: Stage, { id }: Ticket): Promise<Ticket> {
  return desk.get<Ticket>(`/tickets/${id}?include=clocks`);
}

/** Waits for the survey that goes out by itself. */
async function surveyed(stage: Stage, ticket: Ticket, at: string): Promise<Invitation> {
  const { desk, screen } = stage;
  await advance(stage, at);
  const query = `/survey-invitations?ticketId=${ticket.id}&state=sent`;
  const { data } = await desk.get<{ data: (Invitation & { sentAt: string })[] }>(query);
  expect('Invitations to the survey', data.length, 1);
  const [invitation] = data;
  screen.step(invitation!.sentAt, `the survey goes out by itself, in ${invitation!.language}`);
  screen.detail(invitation!.url);
  return invitation!;
}

async function tellAnswer(stage: Stage, ticket: Ticket, words: string, at: string, overall: number): Promise<void> {
  const { desk, screen } = stage;
  const { data } = await desk.get<{ data: SurveyAnswer[] }>(`/survey-answers?ticketId=${ticket.id}`);
  const [answer] = data;
  expect('The answer', answer?.overall, overall);
  screen.step(at, `${words}: ${'★'.repeat(answer!.overall)}${'☆'.repeat(answer!.scale - answer!.overall)}`);
  const dimensions = Object.entries(answer!.dimensions).map(([key, score]) => `${key} ${score}`);
  screen.detail(`${dimensions.join(', ')}; “${answer!.comment}”`);
}

// ── What must be so ─────────────────────────────────────────────────────────────────────────────────────────────────

function expectDue(ticket: Ticket, metric: string, at: string): void {
  const clock = ticket.clocks.find((candidate) => candidate.metric === metric);
  const due = clock?.dueAt ?? null;
  expect(`When ${metric} is due`, due, new Date(at).toISOString().replace('.000', ''));
}

function expectState(ticket: Ticket, metric: string, state: string): void {
  expect(`How ${metric} stands`, ticket.clocks.find((clock) => clock.metric === metric)?.state, state);
}
