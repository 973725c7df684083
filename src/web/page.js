// SPDX-License-Identifier: Apache-2.0
//
// The live page: asks the API once a second for the numbers, one page of collectors, one page of
// topics and the latest events, and shows them. However many topics there are, PAGE_ROWS of them
// are fetched. When the API does not answer, what is shown stays, marked with the time since when
// it is old, and it is asked less and less often.
'use strict';

const PAGE_ROWS = 100;
const EVENT_ROWS = 60;
const POOL_ROWS = 100;
const POLL_MS = 1000;
const POLL_MAX_MS = 30000;
const ANSWER_MAX_MS = 10000;
const HISTORY_POINTS = 120;

const STATE_LOOKS = {
  owned: 'good',
  active: 'good',
  ok: 'good',
  RUNNING: 'good',
  revoking: 'busy',
  joining: 'busy',
  waiting: 'busy',
  granting: 'busy',
  CREATING: 'busy',
  pending: 'warn',
  draining: 'warn',
  evicted: 'warn',
  leaving: 'warn',
  held: 'warn',
  DISABLED: 'warn',
  DELETED: 'warn',
  dormant: 'warn',
  missing: 'bad',
  quarantined: 'bad',
  dead: 'bad',
  lost: 'bad',
  silent: 'bad',
};

const ROLES = {leader: 'the leader', standby: 'a standby', restoring: 'one that is restoring'};

const $ = id => document.getElementById(id);
const numbers = new Intl.NumberFormat('en');
const clock = new Intl.DateTimeFormat('en-GB', {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

// ---- texts

const isKnown = value => value !== null && value !== undefined;
const count = value => (isKnown(value) ? numbers.format(value) : '–');

// "850 ms", "12 s", "3 min", "5 h", "9 d".
function span(ms) {
  if (!isKnown(ms)) return '–';
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const steps = [
    [60, 's'],
    [60, 'min'],
    [48, 'h'],
    [Infinity, 'd'],
  ];
  const sizes = [1000, 60000, 3600000, 86400000];
  const at = steps.findIndex(([limit], i) => ms / sizes[i] < limit);
  return `${Math.floor(ms / sizes[at])} ${steps[at][1]}`;
}

const ago = atMs => (isKnown(atMs) && atMs > 0 ? span(Math.max(0, Date.now() - atMs)) : '–');

// ---- the DOM

// An element with a class and children, which may be texts.
function make(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const badge = state => make('span', `badge ${STATE_LOOKS[state] || ''}`, state || '–');

// Makes `old` look like `fresh`, replacing only the cells that differ: so a selection survives.
function patch(old, fresh) {
  const cells = [...fresh.children];
  [...old.children].forEach((cell, i) => {
    if (!cell.isEqualNode(cells[i])) cell.replaceWith(cells[i]);
  });
  Object.assign(old.dataset, fresh.dataset);
}

function lightUp(element) {
  element.classList.remove('changed');
  void element.offsetWidth; // lets the animation begin again
  element.classList.add('changed');
}

// Shows `items` as the children of `parent`, one each; an item keeps its element as long as its key
// stays. A content has all that is shown, and two more: when `watch` changes the element lights up,
// and so does a new one if `isNew`.
function showList(parent, items, keyOf, contentOf, build) {
  const before = new Map([...parent.children].map(element => [element.dataset.key, element]));
  const isFirst = !parent.dataset.isFilled;
  const elements = items.map(item => {
    const key = keyOf(item);
    const content = contentOf(item);
    const stamp = JSON.stringify(content);
    const old = before.get(key);
    if (old && old.dataset.stamp === stamp) return old;
    const fresh = build(content);
    const isLit = old ? old.dataset.watch !== content.watch : !isFirst && content.isNew;
    Object.assign(fresh.dataset, {key, stamp, watch: content.watch});
    if (old) patch(old, fresh);
    if (isLit) lightUp(old || fresh);
    return old || fresh;
  });
  parent.dataset.isFilled = 'yes';
  const isSame =
    elements.length === parent.children.length &&
    elements.every((element, i) => element === parent.children[i]);
  if (!isSame) parent.replaceChildren(...elements);
}

// ---- paged lists

// One list of the API with the tokens of the pages that lead to the one shown.
function pagedList(name, path, parameters) {
  const list = {tokens: [''], next: null, total: null, request: 0};
  const pager = $(`${name}-pager`);
  const back = make('button', '', '‹');
  const forward = make('button', '', '›');
  const where = make('span', '', '');
  back.type = forward.type = 'button';
  back.setAttribute('aria-label', `previous ${name}`);
  forward.setAttribute('aria-label', `next ${name}`);
  back.onclick = () => {
    list.tokens.pop();
    list.turned();
  };
  forward.onclick = () => {
    list.tokens.push(list.next);
    list.turned();
  };
  pager.append(back, where, forward);

  list.turned = () => {
    list.next = null;
    back.disabled = forward.disabled = true;
    poll.now();
  };
  list.rewind = () => {
    list.tokens = [''];
    list.turned();
  };
  list.url = () => {
    const query = new URLSearchParams({...parameters(), limit: PAGE_ROWS});
    const after = list.tokens[list.tokens.length - 1];
    if (after) query.set('after', after);
    return `${path}?${query}`;
  };
  // Takes an answer; false if it is an empty page behind the end, and the first one should be asked
  // for.
  list.take = answer => {
    list.next = answer.next || null;
    list.total = answer.total;
    if (answer.items.length === 0 && list.tokens.length > 1) {
      list.tokens = [''];
      return false;
    }
    const first = (list.tokens.length - 1) * PAGE_ROWS;
    const last = first + answer.items.length;
    back.disabled = list.tokens.length === 1;
    forward.disabled = !list.next;
    pager.hidden = back.disabled && forward.disabled;
    setText(where, `${count(first + 1)}–${count(last)} of ${count(list.total)}`);
    setText($(`${name}-total`), count(list.total));
    return true;
  };
  return list;
}

const filter = {
  read() {
    const values = {
      q: $('filter-q').value.trim(),
      state: $('filter-state').value,
      pool: $('filter-pool').value,
    };
    return Object.fromEntries(Object.entries(values).filter(([, value]) => value));
  },
  changed() {
    const query = new URLSearchParams(filter.read()).toString();
    history.replaceState(null, '', query ? `#${query}` : location.pathname + location.search);
    filter.press();
    topics.rewind();
  },
  // From the address, so that a view can be passed on.
  restore() {
    const query = new URLSearchParams(location.hash.slice(1));
    $('filter-q').value = query.get('q') || '';
    for (const name of ['state', 'pool']) {
      filter.offer($(`filter-${name}`), [query.get(name)]);
      $(`filter-${name}`).value = query.get(name) || '';
    }
    filter.press();
  },
  press() {
    for (const tile of document.querySelectorAll('.tiles button'))
      tile.setAttribute(
        'aria-pressed',
        String(tile.dataset.state === $('filter-state').value && tile.dataset.state !== '')
      );
  },
  // Offers what was seen. A choice that is there already is left alone, so that an open list does
  // not close.
  offer(select, values) {
    const known = new Set([...select.options].map(option => option.value));
    for (const value of new Set(values))
      if (value && !known.has(value)) select.append(new Option(value, value));
    $('filter-pool-label').hidden = $('filter-pool').options.length < 3;
  },
};

const topics = pagedList('topics', 'api/v1/topics', filter.read);
const collectors = pagedList('collectors', 'api/v1/collectors', () => ({}));

// ---- showing

function showStatus(status) {
  const {cell, counts} = status;
  setText($('prefix'), cell.prefix ? `cell ${cell.prefix}` : '');
  setText($('leader'), cell.leader || 'none');
  setText($('epoch'), count(cell.epoch));
  setText($('generation'), count(cell.generation));
  setText($('role'), ROLES[cell.role] || cell.role || '–');
  setText($('count-topics'), count(counts.topics));
  setText($('count-units'), counts.units === counts.topics ? '' : `${count(counts.units)} units`);
  setText($('count-assigned'), count(counts.assigned));
  setText(
    $('count-share'),
    counts.units ? `${Math.floor((1000 * counts.assigned) / counts.units) / 10} % of units` : ''
  );
  setText($('count-pending'), count(counts.pending));
  setText($('count-missing'), count(counts.missing));
  setText($('count-collectors'), count(counts.collectors));
  setText($('count-agents'), isKnown(counts.agents) ? `${count(counts.agents)} agents` : '');
  setText($('count-lag'), count(status.lag_records));
  setText($('count-moves'), count(counts.moves_total));
  setText(
    $('count-revoking'),
    counts.revoking ? `${count(counts.revoking)} under way` : 'since the start'
  );
  $('leader').className = cell.leader ? '' : 'late';
  $('count-pending').closest('li').className = counts.pending ? 'warn' : '';
  $('count-missing').closest('li').className = counts.missing ? 'bad' : '';
  const waiting = counts.pending ? ` · ${count(counts.pending)} pending` : '';
  document.title = (cell.prefix || 'muster') + waiting;
}

const lagHistory = [];

function showHistory(lag) {
  lagHistory.push(isKnown(lag) ? lag : 0);
  if (lagHistory.length > HISTORY_POINTS) lagHistory.shift();
  const top = Math.max(1, ...lagHistory);
  const points = lagHistory.map(
    (value, i) => `${HISTORY_POINTS - lagHistory.length + i},${31 - (30 * value) / top}`
  );
  $('lag-history').firstElementChild.setAttribute('points', points.join(' '));
}

function collectorRow(row) {
  const bar = make('span', 'share', make('i', ''));
  bar.firstChild.style.width = `${row.share}%`;
  const name = make('th', '', row.id);
  name.scope = 'row';
  name.title = row.title;
  return make(
    'tr',
    '',
    name,
    make('td', '', badge(row.state)),
    make('td', 'number', row.units, bar),
    make('td', 'number', row.lag),
    make('td', 'number', row.rate),
    make('td', `number ${row.isLate ? 'late' : ''}`, row.heard),
    make('td', 'number dim', row.since)
  );
}

function showCollectors(answer) {
  const most = Math.max(1, ...answer.items.map(item => item.units || 0));
  const pools = new Set(answer.items.map(item => item.pool));
  showList(
    $('collectors').tBodies[0],
    answer.items,
    item => `${item.pool}/${item.id}/${item.incarnation}`,
    item => ({
      id: pools.size > 1 ? `${item.pool}/${item.id}` : item.id,
      title: [
        `pool ${item.pool}`,
        `incarnation ${item.incarnation || '–'}`,
        item.address || 'no address',
        `pid ${item.pid || '–'}`,
        `applied generation ${count(item.applied_generation)} of ${count(item.generation)}`,
      ].join(', '),
      state: item.state,
      units: count(item.units),
      share: Math.round((100 * (item.units || 0)) / most),
      lag: count(item.lag_records),
      rate: count(item.records_per_s),
      heard: isKnown(item.heard_ms_ago) ? `${span(item.heard_ms_ago)} ago` : '–',
      isLate:
        isKnown(item.heard_ms_ago) && item.lease_ms > 0 && item.heard_ms_ago > item.lease_ms / 2,
      since: ago(item.since_ms),
      watch: `${item.state} ${item.units}`,
      isNew: true,
    }),
    collectorRow
  );
}

function poolRow(row) {
  const name = make('th', '', row.name);
  name.scope = 'row';
  return make(
    'tr',
    '',
    name,
    make('td', '', badge(row.status)),
    make('td', '', row.state),
    make('td', 'number', row.collectors),
    make('td', 'number', row.units),
    make('td', 'number dim', row.since),
    make('td', 'why', row.why)
  );
}

// A single pool that is as it should be says nothing that the rest of the page does not.
function showPools(answer) {
  const [only] = answer.items;
  $('pools-section').hidden =
    answer.items.length < 2 && (!only || (only.status === 'RUNNING' && only.state === 'active'));
  showList(
    $('pools').tBodies[0],
    answer.items,
    item => item.name,
    item => ({
      name: item.name,
      status: item.status,
      state: item.state,
      collectors: `${count(item.actual)} of ${count(item.desired)}`,
      units: count(item.units),
      since: ago(item.since_ms),
      why: item.why || '–',
      watch: `${item.status} ${item.state}`,
      isNew: true,
    }),
    poolRow
  );
}

// Why it is where it is, in the coordinator's words.
function why(item) {
  const parts = [
    item.reason,
    isKnown(item.rule) && item.rule !== '' ? item.rule : '',
    item.previous ? `before: ${item.previous}` : '',
  ];
  return parts.filter(Boolean).join(' · ');
}

function announcers(agents) {
  return agents && agents.length ? agents.join(', ') : 'nobody';
}

function topicRow(row) {
  const name = make('th', '', row.unit);
  name.scope = 'row';
  name.title = row.title;
  return make(
    'tr',
    '',
    name,
    make('td', 'dim', row.pool),
    make('td', '', row.owner),
    make('td', '', badge(row.state)),
    make('td', 'number', row.lag),
    make('td', 'number dim', row.since),
    make('td', 'why', row.why)
  );
}

function showTopics(answer) {
  showList(
    $('topics').tBodies[0],
    answer.items,
    item => `${item.pool}/${item.unit || item.topic}`,
    item => ({
      unit: item.unit || item.topic,
      pool: item.pool,
      owner: item.owner || '–',
      state: item.state,
      title: `announced by ${announcers(item.agents)}, fence ${count(item.fence)}`,
      lag: count(item.lag_records),
      since: ago(item.since_ms),
      why: why(item),
      watch: `${item.owner} ${item.state}`,
      isNew: false,
    }),
    topicRow
  );
  $('topics-empty').hidden = answer.items.length > 0;
  setText(
    $('topics-empty'),
    Object.keys(filter.read()).length
      ? 'No topic fits the filter.'
      : 'Nobody has announced a topic yet.'
  );
  filter.offer(
    $('filter-pool'),
    answer.items.map(item => item.pool)
  );
  filter.offer(
    $('filter-state'),
    answer.items.map(item => item.state)
  );
}

function eventItem(row) {
  const time = make('time', '', row.at);
  time.dateTime = row.iso;
  return make(
    'li',
    '',
    time,
    make('p', '', make('b', '', row.subject), ` ${row.text} `, make('span', '', row.kind))
  );
}

function showEvents(answer) {
  const newestFirst = [...answer.items].sort(
    (a, b) => b.at_ms - a.at_ms || b.generation - a.generation
  );
  showList(
    $('events'),
    newestFirst,
    item =>
      `${item.at_ms} ${item.generation} ${item.kind} ${item.pool} ${item.subject} ${item.text}`,
    item => ({
      at: clock.format(item.at_ms),
      iso: new Date(item.at_ms).toISOString(),
      subject: item.subject,
      text: item.text,
      kind: item.kind,
      watch: '',
      isNew: true,
    }),
    eventItem
  );
}

// ---- asking

async function ask(url) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), ANSWER_MAX_MS);
  try {
    const response = await fetch(url, {signal: stop.signal, cache: 'no-store'});
    const answer = await response.json().catch(() => null);
    if (!response.ok)
      throw new Error(answer && answer.error ? answer.error.message : `answer ${response.status}`);
    if (answer === null) throw new Error('an answer that is not JSON');
    return answer;
  } catch (error) {
    if (error.name === 'AbortError') throw new Error(`no answer within ${ANSWER_MAX_MS / 1000} s`);
    throw error instanceof TypeError ? new Error('no connection') : error;
  } finally {
    clearTimeout(timer);
  }
}

const poll = {
  timer: 0,
  round: 0, // the newest round asked for; answers of an older one are dropped
  failures: 0,
  freshAt: null, // when the last round was complete

  now() {
    clearTimeout(poll.timer);
    poll.run();
  },

  async run() {
    const round = ++poll.round;
    try {
      const answers = await Promise.all([
        ask('api/v1/status'),
        ask(collectors.url()),
        ask(topics.url()),
        ask(`api/v1/events?limit=${EVENT_ROWS}`),
        ask(`api/v1/pools?limit=${POOL_ROWS}`),
      ]);
      if (round !== poll.round) return;
      poll.show(answers);
      poll.failures = 0;
      poll.freshAt = Date.now();
      poll.tell('live', 'live');
      poll.again(POLL_MS);
    } catch (error) {
      if (round !== poll.round) return;
      const wait = Math.min(POLL_MAX_MS, POLL_MS * 2 ** poll.failures++);
      const since = poll.freshAt
        ? `stale since ${clock.format(poll.freshAt)}`
        : 'nothing heard yet';
      poll.tell('stale', `${since}: ${error.message}, next try in ${span(wait)}`);
      poll.again(wait);
    }
  },

  show([status, collectorPage, topicPage, events, pools]) {
    showStatus(status);
    showHistory(status.lag_records);
    if (collectors.take(collectorPage)) showCollectors(collectorPage);
    if (topics.take(topicPage)) showTopics(topicPage);
    showEvents(events);
    showPools(pools);
  },

  tell(look, text) {
    $('health').className = `health ${look}`;
    setText($('health'), text);
    $('main').className = look === 'stale' ? 'stale' : '';
  },

  // A page that nobody looks at does not ask.
  again(ms) {
    clearTimeout(poll.timer);
    if (!document.hidden) poll.timer = setTimeout(poll.run, ms);
  },
};

function begin() {
  let typing = 0;
  $('filter-q').oninput = () => {
    clearTimeout(typing);
    typing = setTimeout(filter.changed, 250);
  };
  $('filter-state').onchange = $('filter-pool').onchange = filter.changed;
  $('filter').onsubmit = event => {
    event.preventDefault();
    filter.changed();
  };
  $('filter').onreset = () => setTimeout(filter.changed);
  for (const tile of document.querySelectorAll('.tiles button')) {
    tile.onclick = () => {
      $('filter-state').value =
        tile.getAttribute('aria-pressed') === 'true' ? '' : tile.dataset.state;
      filter.changed();
    };
  }
  document.onvisibilitychange = () => {
    if (!document.hidden) poll.now();
  };
  window.onhashchange = () => {
    filter.restore();
    topics.rewind();
  };
  filter.restore();
  poll.run();
}

begin();
