// A small line over time. Its figure is said in words too, for those who do not see it.
import {make, makeSvg, say, set} from './dom.js';
import {duration, time} from './numbers.js';

const WIDTH = 300;
const HEIGHT = 60;

// A number above all values that reads well: 1, 2 or 5 times a power of ten.
function ceiling(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map(step => step * power).find(step => step >= value);
}

export function makeChart(title, format) {
  const now = make('strong', {class: 'now'}, '–');
  const line = makeSvg('path', {class: 'line', 'vector-effect': 'non-scaling-stroke'});
  const area = makeSvg('path', {class: 'area'});
  const marks = makeSvg('g');
  const cross = makeSvg('path', {class: 'cross', 'vector-effect': 'non-scaling-stroke'});
  const picture = makeSvg(
    'svg',
    {viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: 'none', role: 'img'},
    area,
    line,
    marks,
    cross,
  );
  const labels = make('div', {class: 'marks', 'aria-hidden': 'true'});
  const top = make('span');
  const begin = make('span');
  const end = make('span', {}, 'now');
  const element = make(
    'figure',
    {class: 'chart'},
    make('figcaption', {}, make('span', {class: 'title'}, title), now),
    make('div', {class: 'plot'}, picture, labels),
    make('div', {class: 'axis', 'aria-hidden': 'true'}, begin, top, end),
  );
  let shown = {points: [], from: 0, to: 1};
  let hovered = false;

  const x = at => (WIDTH * (at - shown.from)) / (shown.to - shown.from);

  // Gaps stay gaps: where nothing was measured no line is drawn.
  function paths(points, most) {
    const runs = [[]];
    for (const point of points) {
      if (point.value === null) runs.push([]);
      else runs.at(-1).push([x(point.at).toFixed(1), (HEIGHT - 2 - ((HEIGHT - 6) * point.value) / most).toFixed(1)]);
    }
    const drawn = runs.filter(run => run.length > 0);
    const stroke = drawn.map(run => 'M' + run.map(pair => pair.join(' ')).join('L') + (run.length === 1 ? 'h0.1' : ''));
    const filled = drawn.map((run, i) => stroke[i] + `L${run.at(-1)[0]} ${HEIGHT}L${run[0][0]} ${HEIGHT}Z`);
    return [stroke.join(''), filled.join('')];
  }

  // Marks that are too near to each other for two labels have one.
  function labelled(marked) {
    const all = [];
    for (const mark of marked) {
      const left = Math.min(85, (100 * x(mark.at)) / WIDTH);
      if (all.length && left - all.at(-1).left < 16) all.at(-1).text += ', ' + mark.label;
      else all.push({text: mark.label, left});
    }
    return all;
  }

  function sayNow() {
    const last = shown.points.findLast(point => point.value !== null);
    if (!hovered) say(now, last ? format(last.value) : '–');
  }

  picture.addEventListener('pointermove', event => {
    if (!shown.points.length) return;
    const box = picture.getBoundingClientRect();
    const at = shown.from + ((shown.to - shown.from) * (event.clientX - box.left)) / box.width;
    const nearest = shown.points.reduce((best, point) =>
      Math.abs(point.at - at) < Math.abs(best.at - at) ? point : best,
    );
    hovered = true;
    set(cross, 'd', `M${x(nearest.at).toFixed(1)} 0V${HEIGHT}`);
    say(now, (nearest.value === null ? 'nothing' : format(nearest.value)) + ' at ' + time(nearest.at));
  });
  picture.addEventListener('pointerleave', () => {
    hovered = false;
    set(cross, 'd', false);
    sayNow();
  });

  // points: [{at, value or null}] in order; marks: [{at, label}]; times in ms.
  function show({points, from, to, marks: marked = []}) {
    shown = {points, from, to};
    const values = points.map(point => point.value).filter(value => value !== null);
    const worst = Math.max(0, ...values);
    const most = ceiling(worst);
    const [stroke, filled] = paths(points, most);
    set(line, 'd', stroke);
    set(area, 'd', filled);
    marks.replaceChildren(
      ...marked.map(mark =>
        makeSvg('path', {
          class: 'mark',
          d: `M${x(mark.at).toFixed(1)} 0V${HEIGHT}`,
          'vector-effect': 'non-scaling-stroke',
        }),
      ),
    );
    labels.replaceChildren(
      ...labelled(marked).map(({text, left}) => {
        const label = make('span', {}, text);
        label.style.left = left + '%';
        return label;
      }),
    );
    say(top, values.length ? 'up to ' + format(most) : '');
    const ago = (Date.now() - to) / 1000;
    say(begin, points.length ? duration((Date.now() - from) / 1000) + ' ago' : 'nothing yet');
    say(end, ago < 10 ? 'now' : duration(ago) + ' ago');
    sayNow();
    const last = shown.points.findLast(point => point.value !== null);
    set(
      picture,
      'aria-label',
      last
        ? `${title}: now ${format(last.value)}, at most ${format(worst)} in the time shown`
        : `${title}: nothing measured yet`,
    );
  }

  return {element, show};
}
