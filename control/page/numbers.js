// Numbers and times as people read them.

const whole = new Intl.NumberFormat('en', {maximumFractionDigits: 0});
const exact = new Intl.NumberFormat('en', {maximumFractionDigits: 1});

export const count = value => whole.format(value);

export function percent(share) {
  const value = Math.min(100, Math.max(0, share * 100));
  return (value < 10 ? exact.format(Math.floor(value * 10) / 10) : whole.format(Math.floor(value))) + ' %';
}

// "1 row", "2,000 rows"
export const counted = (value, one, many = one + 's') => count(value) + ' ' + (value === 1 ? one : many);

export function milliseconds(value) {
  if (value >= 10000) return duration(value / 1000);
  return (value >= 100 ? whole : exact).format(value) + ' ms';
}

export function duration(seconds) {
  const all = Math.max(0, Math.round(seconds));
  const parts = [
    [Math.floor(all / 86400), 'd'],
    [Math.floor(all / 3600) % 24, 'h'],
    [Math.floor(all / 60) % 60, 'min'],
    [all % 60, 's'],
  ];
  const first = parts.findIndex(([value]) => value > 0);
  if (first < 0) return '0 s';
  return parts
    .slice(first, first + 2)
    .filter(([value], i) => value > 0 || i === 0)
    .map(([value, unit]) => value + ' ' + unit)
    .join(' ');
}

export function bytes(value) {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; ++unit) value /= 1024;
  return exact.format(value) + ' ' + units[unit];
}

const clock = new Intl.DateTimeFormat('en-GB', {hour: '2-digit', minute: '2-digit', second: '2-digit'});
const day = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
});

// In the reader's own time zone; the day only where it is another.
export function time(text) {
  const at = new Date(text);
  return (at.toDateString() === new Date().toDateString() ? clock : day).format(at);
}
