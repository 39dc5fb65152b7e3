// A photograph chosen or taken: made smaller here, so that it goes out quickly and without the place
// and time that a phone writes into its pictures.

const LONGEST = 1600; // pixels; enough for the code on a permit
const QUALITY = 0.85;

/** A canvas with the picture in `file`, no larger than is needed. Throws where it is no picture. */
export async function drawn(file) {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(picture.width * scale));
  canvas.height = Math.max(1, Math.round(picture.height * scale));
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#fff"; // what is transparent would turn black
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  return canvas;
}

/** The canvas as a JPEG in base64, as the API takes it. */
export function packed(canvas) {
  return canvas.toDataURL("image/jpeg", QUALITY).split(",")[1];
}
