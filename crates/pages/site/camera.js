// Reading a QR code: with the camera, from a picture, or from text.

import { button, dialog, h, icon, say } from "./dom.js";
import { fromText } from "./exchange.js";
import { t } from "./language.js";

/** The longer side of the picture that is searched. */
const LONGEST = 1280;
/** Milliseconds between two searches. */
const PAUSE = 120;

/** The bytes that somebody shows, or null if it was given up. */
export function receive(title) {
  return new Promise((resolve) => {
    let stream = null;
    let done = false;
    const finish = (bytes) => {
      if (done) return;
      done = true;
      for (const track of stream?.getTracks() ?? []) track.stop();
      resolve(bytes);
      if (box.open) box.close();
    };
    const problem = h("p.problem", { role: "alert", hidden: true });
    const complain = (words) => {
      problem.hidden = false;
      problem.textContent = words;
    };
    const video = h("video", { playsinline: true, muted: true, "aria-label": t("camera_picture") });
    const view = h("div.camera", {}, video, h("i", { "aria-hidden": "true" }));
    const file = h("input.spoken", {
      type: "file",
      accept: "image/*",
      id: "picture-file",
      onchange: async () => {
        const bytes = file.files[0] && (await inPicture(await createImageBitmap(file.files[0]).catch(() => null)));
        if (bytes) finish(bytes);
        else complain(t("no_code_in_picture"));
      },
    });
    const text = h("textarea", { id: "pasted", rows: 3, spellcheck: "false", autocomplete: "off", "aria-label": t("paste_label"), placeholder: t("paste_label") });
    const read = async () => {
      const bytes = await fromText(text.value);
      if (bytes) finish(bytes);
      else complain(t("no_object_in_text"));
    };
    const box = dialog(
      title,
      t("close"),
      h(
        "div.receive",
        {},
        view,
        h("div.row", {}, h("label.button.secondary", { for: "picture-file" }, icon("photo"), h("span", {}, t("from_picture"))), file),
        h("div.paste", {}, text, button("secondary", "paste", t("read_text"), read, { id: "read-text" })),
        problem,
      ),
      () => finish(null),
    );
    start();

    async function start() {
      try {
        if (!navigator.mediaDevices) throw new Error("no camera here");
        stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1080 } } });
      } catch {
        view.replaceChildren(h("p", {}, icon("camera"), window.isSecureContext ? t("no_camera") : t("camera_needs_tls")));
        view.classList.add("none");
        return;
      }
      if (done) {
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      video.srcObject = stream;
      await video.play().catch(() => undefined);
      say(t("camera_on"));
      while (!done) {
        const bytes = video.videoWidth > 0 ? await inPicture(video) : null;
        if (bytes) finish(bytes);
        await new Promise((wake) => setTimeout(wake, PAUSE));
      }
    }
  });
}

const canvas = document.createElement("canvas");
const native = "BarcodeDetector" in window ? nativeDetector() : Promise.resolve(null);

async function nativeDetector() {
  const formats = await window.BarcodeDetector.getSupportedFormats().catch(() => []);
  return formats.includes("qr_code") ? new window.BarcodeDetector({ formats: ["qr_code"] }) : null;
}

/** The bytes of the QR code in a picture: by the browser's own reader where it has one, else by ours. */
async function inPicture(picture) {
  if (!picture) return null;
  const detector = await native;
  const found = await detector?.detect(picture).catch(() => []);
  if (found?.length > 0) {
    const bytes = await fromText(found[0].rawValue);
    if (bytes) return bytes;
  }
  const [width, height] = [picture.videoWidth ?? picture.width, picture.videoHeight ?? picture.height];
  const scale = Math.min(1, LONGEST / Math.max(width, height));
  [canvas.width, canvas.height] = [Math.round(width * scale), Math.round(height * scale)];
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.fillStyle = "white";
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const text = await read(data, canvas.width, canvas.height);
  return text === null ? null : fromText(text);
}

let reader = null;

/** The text of the code in these pixels, read in a worker of its own, so that wallet and kiosk need not wait for it. */
function read(pixels, width, height) {
  reader ??= new Worker(new URL("./reader.js", import.meta.url), { type: "module" });
  return new Promise((resolve) => {
    const id = crypto.randomUUID();
    const taken = ({ data }) => {
      if (data.id !== id) return;
      reader.removeEventListener("message", taken);
      resolve(data.text);
    };
    reader.addEventListener("message", taken);
    reader.postMessage({ id, pixels, width, height }, [pixels.buffer]);
  });
}
