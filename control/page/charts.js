// What a migration does to the primary and to its clients, over time.
import {makeChart} from './chart.js';
import {latencyAround, series} from './history.js';
import {count, milliseconds} from './numbers.js';
import {make} from './dom.js';
import {hasEnded} from './words.js';

const CHART_MS = 5 * 60000;

export function makeCharts() {
  const pending = makeChart('Pending changes', count);
  const lag = makeChart('Behind the binlog', milliseconds);
  const clients = makeChart('Clients’ latency, p99', milliseconds);
  const element = make(
    'section',
    {class: 'charts', 'aria-label': 'Charts'},
    pending.element,
    lag.element,
    clients.element,
  );
  return {
    element,
    show(status, now) {
      const own = series(status.id, 'pending');
      const [from, to] = own.length
        ? [Math.max(own[0].at, own.at(-1).at - CHART_MS), own.at(-1).at]
        : [now - CHART_MS, now];
      const range = {from: Math.min(from, to - 20000), to};
      pending.show({points: own.filter(point => point.at >= from), ...range});
      lag.show({points: series(status.id, 'lag').filter(point => point.at >= from), ...range});
      const around = latencyAround(status, now);
      clients.show(around);
      // Of one that had ended before the page was opened there are none.
      pending.element.hidden = lag.element.hidden = hasEnded(status) && !own.length;
      clients.element.hidden = hasEnded(status) && !around.points.length;
    },
  };
}
