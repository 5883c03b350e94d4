// Making elements. Text is text: nothing here, or anywhere in the page, reads HTML.

const SVG = "http://www.w3.org/2000/svg";

/** An element: `h("button.primary", { onclick }, "Share")`. */
export function h(kind, properties = {}, ...children) {
  const [tag, ...classes] = kind.split(".");
  const element = document.createElement(tag);
  if (classes.length > 0) element.className = classes.join(" ");
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on") || name === "value" || name === "checked") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** One of the pictures in icons.svg. It says nothing that the words beside it do not. */
export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("class", `icon icon-${name}`);
  picture.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", new URL(`./icons.svg#${name}`, import.meta.url).href);
  picture.append(use);
  return picture;
}

/** A button with a picture. */
export const button = (kind, picture, words, onclick, properties = {}) =>
  h(`button.${kind}`, { type: "button", onclick, ...properties }, picture && icon(picture), h("span", {}, words));

/** A QR code on white, with the light border that belongs around it. */
export function qrPicture({ size, modules }, label) {
  const whole = size + 8;
  const picture = document.createElementNS(SVG, "svg");
  picture.setAttribute("viewBox", `0 0 ${whole} ${whole}`);
  picture.setAttribute("class", "qr");
  picture.setAttribute("role", "img");
  picture.setAttribute("aria-label", label);
  picture.setAttribute("shape-rendering", "crispEdges");
  let dark = "";
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1) {
      if (!modules[row * size + column]) continue;
      let end = column + 1;
      while (end < size && modules[row * size + end]) end += 1;
      dark += `M${column + 4} ${row + 4}h${end - column}v1h${column - end}z`;
      column = end;
    }
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", dark);
  picture.append(path);
  return picture;
}

/** Replaces what is in an element, and keeps the focus where the same control is still there. */
export function fill(parent, ...children) {
  const focused = parent.contains(document.activeElement) ? document.activeElement.id : "";
  parent.replaceChildren(...children.flat(Infinity).filter(Boolean));
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

/** Says something to those who listen to the page. */
export function say(words) {
  const status = document.getElementById("status");
  status.textContent = "";
  requestAnimationFrame(() => (status.textContent = words));
}

/** A dialog over the page; Escape and its own button close it. */
export function dialog(title, closeWords, content, onclose) {
  const closing = h("button.quiet.small", { type: "button", "aria-label": closeWords }, icon("cross"));
  const element = h("dialog", { "aria-labelledby": "dialog-title" }, h("header", {}, h("h2", { id: "dialog-title" }, title), closing), content);
  closing.onclick = () => element.close();
  element.onclose = () => {
    element.remove();
    onclose?.();
  };
  document.body.append(element);
  element.showModal();
  return element;
}
