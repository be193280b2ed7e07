/** Two tickets from their first second to their survey. Whatever is shown was answered by the desk. */

import { type Desk, expect, type Ticket, type Workspace } from './desk.ts';
import { Screen } from './screen.ts';
import {
  act,
  advance,
  expectDue,
  expectState,
  hear,
  hire,
  meetContact,
  meetCustomer,
  reply,
  type Said,
  type Stage,
  surveyed,
  tellAnswer,
  tellSaid,
} from './steps.ts';

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
  screen.step(
    ticket.createdAt,
    `${who} writes: ${ticket.kind} #${ticket.number} by ${ticket.channel}, “${ticket.subject}”`,
  );
  screen.clocks(ticket);
  const office = { calendar: 'cn-office', start: BEGINNING, duration: 'PT24H' };
  const { at } = await desk.post<{ at: string }>('/business-time/add', office);
  screen.detail(`(24 hours of office time would last until ${screen.time(at)}; this promise knows no holiday)`);

  await advance(stage, '2026-09-30T17:54:00+08:00', 'clock.warned');
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
  await advance(stage, '2026-10-01T11:20:00+08:00', 'clock.warned');
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
  const events = await advance(stage, '2026-10-02T15:40:00+08:00', 'clock.warned', 'clock.breached');
  const breach = events.find(({ type }) => type === 'clock.breached');
  expect('The subject of the breach', breach?.subject, ticket.id);
  expect('When it was broken', breach && Date.parse(breach.occurredAt), Date.parse('2026-10-02T15:00:00+08:00'));
  screen.detail('as the feed tells it to whoever listens (GET /v1/events?type=clock.breached):');
  screen.json(breach);
  ticket = await act(stage, agent, ticket, 'solve', `${agent.name} solves it for good`, {
    reason: 'The power supply was replaced, too.',
  });
  expectState(ticket, 'resolution', 'missed');

  const invitation = await surveyed(stage, ticket, '2026-10-03T15:40:00+08:00', contact.language);
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
  await tellAnswer(stage, ticket, `${who} answers on the page`, 3);
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
  screen.step(
    ticket.createdAt,
    `${who} asks: ${ticket.kind} #${ticket.number} by ${ticket.channel}, “${ticket.subject}”`,
  );
  screen.clocks(ticket);
  screen.detail('(service hours are 08:00 to 22:00: ten seconds count tonight, the rest in the morning)');
  await advance(stage, '2026-10-08T21:59:52+08:00');
  const greeting = { author: 'bot', body: 'We are back at eight.' };
  const bot = await desk.post<Said>(`/tickets/${ticket.id}/messages`, greeting);
  ticket = await tellSaid(stage, ticket, `the bot answers: “${bot.body}”`, bot);
  expectState(ticket, 'first_response', 'running');
  screen.detail('(first response goes on: a bot keeps no promise)');

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

  const invitation = await surveyed(stage, ticket, '2026-10-11T14:40:00+08:00', contact.language);
  await advance(stage, '2026-10-11T15:00:00+08:00');
  await desk.post('/survey-answers', {
    token: invitation.token,
    overall: 5,
    dimensions: { efficiency: 5, attitude: 5, reasonableness: 5 },
    comment: 'One minute!',
  });
  await tellAnswer(stage, ticket, `${who} answers in the chat window`, 5);
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
