// What the charts show: samples that the page took itself of running migrations, and the clients' latency as told.
const KEPT_S = 600;
const RATE_OVER_MS = 10000;

const samples = new Map(); // by migration
const latency = {seconds: [], minutes: []};

export function takeSample(status, now) {
  if (!samples.has(status.id)) samples.set(status.id, []);
  const all = samples.get(status.id);
  all.push({
    at: now,
    pending: status.changes_pending,
    lag: status.binlog_lag_ms,
    copied: status.rows_copied,
    compared: status.verified_rows,
    applied: status.changes_applied,
  });
  while (all.length > KEPT_S) all.shift();
}

export const series = (id, field) => (samples.get(id) ?? []).map(sample => ({at: sample.at, value: sample[field]}));

// Per second, over the last ten seconds; null: not known yet.
export function rate(id, field) {
  const all = samples.get(id) ?? [];
  const last = all.at(-1);
  const first = all.find(sample => last.at - sample.at <= RATE_OVER_MS);
  if (!last || first === last) return null;
  return Math.max(0, ((last[field] - first[field]) * 1000) / (last.at - first.at));
}

const KEPT = {seconds: 900, minutes: 1440};

export function takeLatency(told) {
  for (const part of ['seconds', 'minutes']) {
    for (const {at, p99_ms: value} of told[part]) latency[part].push({at: Date.parse(at), value});
    latency[part].splice(0, Math.max(0, latency[part].length - KEPT[part]));
  }
}

// After a reconnection everything is told again.
export function forgetLatency() {
  latency.seconds.length = latency.minutes.length = 0;
}

const MINUTE_MS = 60000;

// The clients' latency from a while before the migration's start, in minutes where seconds do not reach back so far.
export function latencyAround(status, now) {
  const start = Date.parse(status.started_at ?? '') || now;
  const end = status.ended_at ? Math.min(now, Date.parse(status.ended_at) + 2 * MINUTE_MS) : now;
  const before = Math.max(MINUTE_MS, (end - start) / 4);
  const reaches = latency.seconds.length > 0 && latency.seconds[0].at <= start;
  const points =
    reaches || !latency.minutes.length ? latency.seconds : [...latency.minutes, ...latency.seconds.slice(-60)];
  const from = Math.min(Math.max(start - before, points[0]?.at ?? start), end - MINUTE_MS);
  const marks = [{at: start, label: 'start'}];
  if (status.ended_at)
    marks.push({at: Date.parse(status.ended_at), label: status.state === 'completed' ? 'swap' : 'end'});
  return {
    points: points.filter(point => point.at >= from && point.at <= end),
    from,
    to: end,
    marks: marks.filter(mark => mark.at >= from),
  };
}
