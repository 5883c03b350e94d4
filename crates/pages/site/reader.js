// A worker that reads the QR codes of this program from pictures: one alphanumeric segment at error correction level L (ISO/IEC 18004).
//
// A picture becomes black and white, its three corner marks are found, the code is seen as if from straight above, and its bits are read and
// corrected. What is read is text from outside; the caller judges it.

self.onmessage = ({ data: { id, pixels, width, height } }) => {
  let text = null;
  try {
    text = read(pixels, width, height);
  } catch {
    // A picture in which something looked like a code.
  }
  self.postMessage({ id, text });
};

/** The text of the code in a picture of 4 bytes a pixel; null where none is found. */
function read(pixels, width, height) {
  for (const smooth of [true, false]) {
    const image = blackAndWhite(pixels, width, height, smooth);
    for (const corners of triples(cornerMarks(image))) {
      const text = readBetween(image, corners);
      if (text !== null) return text;
    }
  }
  return null;
}

// Black and white: a pixel is dark if it is darker than its surroundings.

function blackAndWhite(pixels, width, height, smooth) {
  const grey = new Uint8Array(width * height);
  for (let at = 0; at < grey.length; at += 1) {
    grey[at] = (pixels[4 * at] * 77 + pixels[4 * at + 1] * 151 + pixels[4 * at + 2] * 28) >> 8;
  }
  // Sums over all pixels above and to the left make the mean of any rectangle four look-ups.
  const sums = new Float64Array((width + 1) * (height + 1));
  for (let y = 0; y < height; y += 1) {
    let row = 0;
    for (let x = 0; x < width; x += 1) {
      row += grey[y * width + x];
      sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + row;
    }
  }
  const mean = (x, y, reach) => {
    const [left, right, top, bottom] = [Math.max(0, x - reach), Math.min(width, x + reach + 1), Math.max(0, y - reach), Math.min(height, y + reach + 1)];
    const [above, below] = [top * (width + 1), bottom * (width + 1)];
    return (sums[below + right] - sums[above + right] - sums[below + left] + sums[above + left]) / ((bottom - top) * (right - left));
  };
  const surroundings = Math.max(8, Math.round(Math.max(width, height) / 24));
  const dark = new Uint8Array(width * height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      // The neighbours' share takes the camera's grain out.
      const here = smooth ? mean(x, y, 1) : grey[y * width + x];
      dark[y * width + x] = here < mean(x, y, surroundings) - 6 ? 1 : 0;
    }
  }
  return { dark, width, height };
}

const isDark = ({ dark, width, height }, x, y) => {
  const [column, row] = [Math.floor(x), Math.floor(y)];
  return column >= 0 && row >= 0 && column < width && row < height ? dark[row * width + column] : 0;
};

// Corner marks: dark, light, dark, light, dark as 1 : 1 : 3 : 1 : 1 in every direction.

/** The width of a module if these runs are those of a corner mark; 0 if not. */
function moduleOf(runs) {
  const total = runs.reduce((sum, run) => sum + run, 0);
  const module = total / 7;
  if (total < 7) return 0;
  const fits = runs.every((run, place) => Math.abs(run - (place === 2 ? 3 : 1) * module) < (place === 2 ? 1.6 : 0.75) * module);
  return fits ? module : 0;
}

/** The five runs through a point along a direction, and how far the middle one's centre is from there; null where they are none. */
function runsThrough(image, x, y, dx, dy) {
  if (!isDark(image, x, y)) return null;
  const half = (sign) => {
    const runs = [0, 0, 0];
    let step = sign;
    for (let place = 0; place < 3; place += 1) {
      const wanted = place % 2 === 0 ? 1 : 0;
      while (inside(image, x + dx * step, y + dy * step) && isDark(image, x + dx * step, y + dy * step) === wanted) {
        runs[place] += 1;
        step += sign;
        if (runs[place] > image.width) return null;
      }
      if (runs[place] === 0 && place > 0) return null;
    }
    return runs;
  };
  const [back, forth] = [half(-1), half(1)];
  if (!back || !forth) return null;
  return { runs: [back[2], back[1], back[0] + 1 + forth[0], forth[1], forth[2]], offset: (forth[0] - back[0]) / 2 };
}

const inside = ({ width, height }, x, y) => x >= 0 && y >= 0 && x < width && y < height;

function cornerMarks(image) {
  const marks = [];
  for (let y = 0; y < image.height; y += 2) {
    const runs = [0, 0, 0, 0, 0];
    let [last, length] = [0, 0];
    for (let x = 0; x <= image.width; x += 1) {
      const dark = x < image.width ? image.dark[y * image.width + x] : 1 - last;
      if (dark === last) {
        length += 1;
        continue;
      }
      runs.shift();
      runs.push(length);
      if (last === 1 && moduleOf(runs)) consider(image, marks, x - runs[4] - runs[3] - runs[2] / 2, y + 0.5);
      [last, length] = [dark, 1];
    }
  }
  return marks.filter(({ seen }) => seen > 1).toSorted((a, b) => b.seen - a.seen).slice(0, 8);
}

/** Looks at a place from all sides, and remembers it as a mark where it is one. */
function consider(image, marks, x, y) {
  const down = runsThrough(image, x, y, 0, 1);
  if (!down || !moduleOf(down.runs)) return;
  const middle = y + down.offset;
  const across = runsThrough(image, x, middle, 1, 0);
  if (!across) return;
  const centre = x + across.offset;
  const [high, wide] = [moduleOf(down.runs), moduleOf(across.runs)];
  if (!wide || high > 2 * wide || wide > 2 * high) return;
  const slanted = runsThrough(image, centre, middle, 1, 1);
  if (!slanted || !moduleOf(slanted.runs)) return;
  const module = (high + wide) / 2;
  const known = marks.find((mark) => Math.hypot(mark.x - centre, mark.y - middle) < 3 * module);
  if (!known) {
    if (marks.length < 200) marks.push({ x: centre, y: middle, module, seen: 1 });
    return;
  }
  const weight = 1 / (known.seen + 1);
  known.x += (centre - known.x) * weight;
  known.y += (middle - known.y) * weight;
  known.module += (module - known.module) * weight;
  known.seen += 1;
}

/** Three marks each that may be the corners of one code, the likelier first: {tl, tr, bl}. */
function triples(marks) {
  const found = [];
  for (let a = 0; a < marks.length; a += 1) {
    for (let b = a + 1; b < marks.length; b += 1) {
      for (let c = b + 1; c < marks.length; c += 1) {
        const three = [marks[a], marks[b], marks[c]];
        const modules = three.map(({ module }) => module);
        if (Math.max(...modules) > 1.8 * Math.min(...modules)) continue;
        // The corner is opposite the longest side.
        const corner = three.toSorted((p, q) => longestWithout(three, q) - longestWithout(three, p))[0];
        const [p, q] = three.filter((mark) => mark !== corner);
        const [u, v] = [{ x: p.x - corner.x, y: p.y - corner.y }, { x: q.x - corner.x, y: q.y - corner.y }];
        const [lengthU, lengthV] = [Math.hypot(u.x, u.y), Math.hypot(v.x, v.y)];
        const turn = (u.x * v.y - u.y * v.x) / (lengthU * lengthV);
        const skew = Math.abs(lengthU - lengthV) / Math.max(lengthU, lengthV);
        if (Math.abs(turn) < 0.6 || skew > 0.5) continue;
        const [tr, bl] = turn > 0 ? [p, q] : [q, p];
        found.push({ tl: corner, tr, bl, doubt: skew + (1 - Math.abs(turn)) });
      }
    }
  }
  return found.toSorted((a, b) => a.doubt - b.doubt).slice(0, 6);
}

function longestWithout(three, one) {
  const [p, q] = three.filter((mark) => mark !== one);
  return Math.hypot(p.x - q.x, p.y - q.y);
}

// From the corners to the bits.

function readBetween(image, { tl, tr, bl }) {
  const module = (between(image, tl, tr) + between(image, tl, bl)) / 2;
  const side = (Math.hypot(tr.x - tl.x, tr.y - tl.y) + Math.hypot(bl.x - tl.x, bl.y - tl.y)) / 2;
  const guess = Math.round((side / module + 7 - 17) / 4);
  for (const version of [guess, guess + 1, guess - 1, guess + 2, guess - 2]) {
    if (version < 1 || version > 40) continue;
    const size = 17 + 4 * version;
    for (const fourth of fourthCorners(image, { tl, tr, bl }, version, side / (size - 7))) {
      const text = decode(sampled(image, { tl, tr, bl, fourth }, size), version);
      if (text !== null) return text;
    }
  }
  return null;
}

/** The width of a module, measured at both marks along the line between them. */
function between(image, from, to) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  const along = (mark, dx, dy) => {
    const runs = runsThrough(image, mark.x, mark.y, dx, dy);
    return runs ? runs.runs.reduce((sum, run) => sum + run, 0) / 7 : mark.module;
  };
  const [dx, dy] = [(to.x - from.x) / length, (to.y - from.y) / length];
  return (along(from, dx, dy) + along(to, dx, dy)) / 2;
}

/** Where the module 6.5 from the lower right edges may be: at the alignment mark near there, or where the three others say. */
function fourthCorners(image, { tl, tr, bl }, version, module) {
  const plain = { x: tr.x + bl.x - tl.x, y: tr.y + bl.y - tl.y, inset: 0 };
  if (version === 1) return [plain];
  const size = 17 + 4 * version;
  const share = 1 - 3 / (size - 7);
  const near = { x: tl.x + (plain.x - tl.x) * share, y: tl.y + (plain.y - tl.y) * share };
  const marks = alignmentMarks(image, near, module);
  return [...marks.map((mark) => ({ ...mark, inset: 3 })), plain];
}

/** Places near a point that look like an alignment mark: a dark module in a light ring in a dark ring. The best few. */
function alignmentMarks(image, near, module) {
  const found = [];
  const reach = Math.ceil(module * 12);
  const step = Math.max(0.5, module / 4);
  for (let dy = -reach; dy <= reach; dy += step) {
    for (let dx = -reach; dx <= reach; dx += step) {
      const [x, y] = [near.x + dx, near.y + dy];
      if (!isDark(image, x, y)) continue;
      let fits = 0;
      for (let ring = 1; ring <= 2; ring += 1) {
        for (let place = -ring; place <= ring; place += 1) {
          for (const [u, v] of [[place, -ring], [place, ring], [-ring, place], [ring, place]]) {
            fits += isDark(image, x + u * module, y + v * module) === (ring === 2 ? 1 : 0) ? 1 : 0;
          }
        }
      }
      if (fits >= 29) found.push({ x, y, fits: fits - Math.hypot(dx, dy) / (module * 12) });
    }
  }
  const best = [];
  for (const mark of found.toSorted((a, b) => b.fits - a.fits)) {
    if (best.length === 3) break;
    if (best.some((other) => Math.hypot(other.x - mark.x, other.y - mark.y) < 2 * module)) continue;
    // The middle of all that fit as well, close by.
    const close = found.filter((other) => other.fits >= mark.fits - 2 && Math.hypot(other.x - mark.x, other.y - mark.y) < module);
    const mean = (name) => close.reduce((sum, other) => sum + other[name], 0) / close.length;
    best.push({ x: mean("x"), y: mean("y") });
  }
  return best;
}

/** The modules, by the projection that brings the four known places where they belong. */
function sampled(image, { tl, tr, bl, fourth }, size) {
  const far = size - 3.5;
  const last = far - fourth.inset;
  const place = projection(
    [[3.5, 3.5], [far, 3.5], [last, last], [3.5, far]],
    [[tl.x, tl.y], [tr.x, tr.y], [fourth.x, fourth.y], [bl.x, bl.y]],
  );
  const modules = new Uint8Array(size * size);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      const [x, y] = place(column + 0.5, row + 0.5);
      modules[row * size + column] = isDark(image, x, y);
    }
  }
  return modules;
}

/** The projective map that takes four points to four others: eight equations, solved by elimination. */
function projection(from, to) {
  const rows = from.flatMap(([u, v], place) => {
    const [x, y] = to[place];
    return [[u, v, 1, 0, 0, 0, -u * x, -v * x, x], [0, 0, 0, u, v, 1, -u * y, -v * y, y]];
  });
  for (let column = 0; column < 8; column += 1) {
    let pivot = column;
    for (let row = column + 1; row < 8; row += 1) if (Math.abs(rows[row][column]) > Math.abs(rows[pivot][column])) pivot = row;
    [rows[column], rows[pivot]] = [rows[pivot], rows[column]];
    for (let row = 0; row < 8; row += 1) {
      if (row === column) continue;
      const factor = rows[row][column] / rows[column][column];
      for (let other = column; other < 9; other += 1) rows[row][other] -= factor * rows[column][other];
    }
  }
  const [a, b, c, d, e, f, g, h] = rows.map((row, place) => row[8] / row[place]);
  return (u, v) => {
    const w = g * u + h * v + 1;
    return [(a * u + b * v + c) / w, (d * u + e * v + f) / w];
  };
}

// From the bits to the text.

/** For level L, by version: check bytes of a block, and blocks. */
const CHECK_BYTES = [7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30];
const BLOCKS = [1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25];
const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (x, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

function decode(modules, version) {
  const size = 17 + 4 * version;
  const at = (x, y) => modules[y * size + x];
  const mask = maskOf(at, size);
  if (mask === null) return null;
  const reserved = reservedModules(version, size);
  const bytes = [];
  let [byte, bits] = [0, 0];
  for (let right = size - 1; right >= 1; right -= 2) {
    if (right === 6) right = 5;
    const upward = ((right + 1) & 2) === 0;
    for (let step = 0; step < size; step += 1) {
      const y = upward ? size - 1 - step : step;
      for (const x of [right, right - 1]) {
        if (reserved[y * size + x]) continue;
        byte = (byte << 1) | (at(x, y) ^ (MASKS[mask](x, y) ? 1 : 0));
        bits += 1;
        if (bits === 8) {
          bytes.push(byte);
          [byte, bits] = [0, 0];
        }
      }
    }
  }
  const data = corrected(bytes, version);
  return data && textOf(data, version);
}

/** The mask, from whichever copy of the format is nearer to a true one of level L; null where neither is near. */
function maskOf(at, size) {
  let [one, other] = [0, 0];
  for (let place = 0; place < 15; place += 1) {
    const [x, y] = place < 6 ? [8, place] : place === 6 ? [8, 7] : place === 7 ? [8, 8] : place === 8 ? [7, 8] : [14 - place, 8];
    one |= at(x, y) << place;
    other |= (place < 8 ? at(size - 1 - place, 8) : at(8, size - 15 + place)) << place;
  }
  let best = { distance: 4, mask: null };
  for (let mask = 0; mask < 8; mask += 1) {
    // Level L is 01.
    const format = 0b01000 | mask;
    let rest = format;
    for (let step = 0; step < 10; step += 1) rest = (rest << 1) ^ ((rest >> 9) * 0x537);
    const whole = ((format << 10) | rest) ^ 0x5412;
    for (const read of [one, other]) {
      let distance = 0;
      for (let differing = read ^ whole; differing; differing &= differing - 1) distance += 1;
      if (distance < best.distance) best = { distance, mask };
    }
  }
  return best.mask;
}

function reservedModules(version, size) {
  const reserved = new Uint8Array(size * size);
  const block = (left, top, width, height) => {
    for (let y = top; y < top + height; y += 1) reserved.fill(1, y * size + left, y * size + left + width);
  };
  block(0, 0, 9, 9);
  block(size - 8, 0, 8, 9);
  block(0, size - 8, 9, 8);
  block(0, 6, size, 1);
  block(6, 0, 1, size);
  const places = alignmentPlaces(version);
  const end = places.length - 1;
  places.forEach((x, column) =>
    places.forEach((y, row) => {
      const atMark = (column === 0 && row === 0) || (column === 0 && row === end) || (column === end && row === 0);
      if (!atMark) block(x - 2, y - 2, 5, 5);
    }),
  );
  if (version >= 7) {
    block(size - 11, 0, 3, 6);
    block(0, size - 11, 6, 3);
  }
  return reserved;
}

function alignmentPlaces(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const step = version === 32 ? 26 : Math.ceil((4 * version + 4) / (2 * count - 2)) * 2;
  const places = [6];
  for (let at = 4 * version + 10; places.length < count; at -= step) places.splice(1, 0, at);
  return places;
}

/** The data bytes, put in order and corrected; null where too many are wrong. */
function corrected(bytes, version) {
  const [check, blocks] = [CHECK_BYTES[version - 1], BLOCKS[version - 1]];
  const short = Math.floor(bytes.length / blocks);
  const long = bytes.length % blocks;
  const all = Array.from({ length: blocks }, () => []);
  let at = 0;
  for (let place = 0; place < short - check + 1; place += 1) {
    for (let block = 0; block < blocks; block += 1) {
      if (place < short - check || block >= blocks - long) all[block].push(bytes[at++]);
    }
  }
  for (let place = 0; place < check; place += 1) for (const block of all) block.push(bytes[at++]);
  const data = [];
  for (const block of all) {
    if (!correct(block, check)) return null;
    data.push(...block.slice(0, block.length - check));
  }
  return data;
}

const EXP = new Uint8Array(512);
const LOG = new Uint8Array(256);
for (let power = 0, value = 1; power < 255; power += 1) {
  EXP[power] = EXP[power + 255] = value;
  LOG[value] = power;
  value = (value << 1) ^ (value > 127 ? 0x11d : 0);
}
const times = (a, b) => (a && b ? EXP[LOG[a] + LOG[b]] : 0);
const over = (a, b) => (a ? EXP[LOG[a] + 255 - LOG[b]] : 0);
/** A polynomial's value; the first coefficient is of the lowest power. */
const valueAt = (polynomial, x) => polynomial.reduceRight((sum, coefficient) => times(sum, x) ^ coefficient, 0);

/** Corrects a block of Reed–Solomon in place (Berlekamp–Massey, Chien, Forney); whether it could. */
function correct(block, check) {
  const syndromes = Array.from({ length: check }, (_, power) => block.reduce((sum, byte) => times(sum, EXP[power]) ^ byte, 0));
  if (syndromes.every((syndrome) => syndrome === 0)) return true;
  let [locator, previous, length, shift, scale] = [[1], [1], 0, 1, 1];
  for (let step = 0; step < check; step += 1) {
    let discrepancy = syndromes[step];
    for (let place = 1; place <= length; place += 1) discrepancy ^= times(locator[place] ?? 0, syndromes[step - place]);
    if (discrepancy === 0) {
      shift += 1;
      continue;
    }
    const factor = over(discrepancy, scale);
    const next = [...locator];
    previous.forEach((coefficient, place) => (next[place + shift] = (next[place + shift] ?? 0) ^ times(factor, coefficient)));
    for (let place = 0; place < next.length; place += 1) next[place] ??= 0;
    if (2 * length <= step) [previous, length, scale, shift] = [locator, step + 1 - length, discrepancy, 1];
    else shift += 1;
    locator = next;
  }
  if (2 * length > check) return false;
  const evaluator = Array.from({ length: check }, (_, power) => {
    let sum = 0;
    for (let place = 0; place <= power; place += 1) sum ^= times(locator[place] ?? 0, syndromes[power - place]);
    return sum;
  });
  const derivative = locator.map((coefficient, power) => (power % 2 === 1 ? coefficient : 0)).slice(1);
  let wrong = 0;
  for (let place = 0; place < block.length; place += 1) {
    const power = block.length - 1 - place;
    const inverse = EXP[(255 - (power % 255)) % 255];
    if (valueAt(locator, inverse) !== 0) continue;
    const slope = valueAt(derivative, inverse);
    if (slope === 0) return false;
    block[place] ^= times(EXP[power % 255], over(valueAt(evaluator, inverse), slope));
    wrong += 1;
  }
  return wrong === length;
}

/** The text of one alphanumeric segment. */
function textOf(data, version) {
  let at = 0;
  const take = (count) => {
    let value = 0;
    for (let step = 0; step < count; step += 1, at += 1) {
      if (at >> 3 >= data.length) throw new RangeError("the code ends too early");
      value = (value << 1) | ((data[at >> 3] >> (7 - (at & 7))) & 1);
    }
    return value;
  };
  if (take(4) !== 0b0010) return null;
  let left = take(version < 10 ? 9 : version < 27 ? 11 : 13);
  let text = "";
  for (; left > 1; left -= 2) {
    const pair = take(11);
    text += (ALPHABET[Math.floor(pair / 45)] ?? "") + ALPHABET[pair % 45];
  }
  if (left === 1) text += ALPHABET[take(6)] ?? "";
  return text;
}
