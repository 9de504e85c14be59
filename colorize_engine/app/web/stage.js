// The photo: zoom and pan, the line between gray and color, dots of hints.
//
// It asks the server for pictures itself: one request at a time, then the next for what
// is wanted by then. So a slider that moves fast skips pictures and never waits.

const MAX_ZOOM = 40;
const STILL = 4; // pixels that a click may move
const REST = 150; // milliseconds without a change

const clamp = (value, low, high) => Math.min(Math.max(value, low), high);

export default {
  template: `
    <div ref="stage" class="stage" :class="{ moving: panning }"
         @wheel.prevent="onWheel" @pointerdown="onDown" @pointermove="onMove"
         @pointerup="onUp" @pointercancel="onCancel" @pointerleave="onLeave">
      <div ref="view" class="view" tabindex="0" role="application" :aria-label="label"
           aria-describedby="stage-keys" @keydown="onKey" @blur="cross = null">
        <div class="sheet" :style="sheet">
          <canvas ref="color" class="whole"></canvas>
          <canvas ref="colorPart" class="part" :style="partStyle('colorPart')"></canvas>
          <div class="gray" :style="grayClip">
            <canvas ref="gray" class="whole"></canvas>
            <canvas ref="grayPart" class="part" :style="partStyle('grayPart')"></canvas>
          </div>
        </div>
        <div v-if="cross || card" class="cross"
             :style="at(...(card || cross))"></div>
      </div>
      <span id="stage-keys" class="unseen">{{ keys }}</span>
      <div v-if="split && photo" ref="line" class="line" tabindex="0" role="slider"
           aria-label="Line between gray and color" aria-valuemin="0"
           aria-valuemax="100" :aria-valuenow="Math.round(100 * share)"
           :style="{ left: share * size[0] + 'px' }"
           @keydown="onLineKey" @pointerdown.stop="onLineDown"
           @pointermove.stop="onLineMove" @pointerup.stop="lineHeld = false">
        <div class="handle">⇔</div>
      </div>
      <button v-for="(hint, number) in shownHints" :key="number" type="button"
              class="dot" :style="[at(hint.row, hint.column), { background: hint.color }]"
              :aria-label="hint.label" :title="hint.label" :data-number="number"
              @pointerdown.stop="onDotDown($event, number)"
              @pointermove.stop="onDotMove" @pointerup.stop="onDotUp"
              @click.stop="onDotClick($event, number)"
              @keydown="onDotKey($event, number)"></button>
      <div class="tools" v-if="photo">
        <button type="button" aria-label="Zoom in" title="Zoom in (+)"
                @click="zoomBy(1.5)" @pointerdown.stop>+</button>
        <button type="button" aria-label="Zoom out" title="Zoom out (-)"
                @click="zoomBy(1 / 1.5)" @pointerdown.stop>−</button>
        <button type="button" aria-label="Whole photo" title="Whole photo (0)"
                @click="fit" @pointerdown.stop>⤢</button>
      </div>
      <div v-if="busy" class="busy" role="status">{{ busy }}</div>
      <div ref="card" class="card-place" :class="{ shown: !!card }" :style="cardStyle"
           @pointerdown.stop @pointermove.stop @wheel.stop><slot></slot></div>
    </div>`,
  props: {
    photo: String, // key
    label: String,
    shape: Array, // height, width
    edits: Number,
    hints: Array,
    split: Boolean,
    watching: Boolean,
    card: Array, // row and column that the card is about
    keys: String,
  },
  data() {
    return {
      size: [1, 1],
      zoom: 1,
      center: [0.5, 0.5], // of the view, as shares of the photo
      share: 0.5,
      allGray: false,
      panning: false,
      cross: null,
      dragged: null, // number, row and column of a dot that is being moved
      parts: { colorPart: null, grayPart: null },
      busy: "",
      cardSize: [0, 0],
      lineHeld: false,
    };
  },
  computed: {
    fitScale() {
      if (!this.shape) return 1;
      const [height, width] = this.shape;
      // A tiny photo is not blown up to the whole window.
      return Math.min(this.size[0] / width, this.size[1] / height, 4);
    },
    scale() {
      return this.fitScale * this.zoom;
    },
    origin() {
      // Of the photo's left upper corner, in pixels of the stage.
      if (!this.shape) return [0, 0];
      const full = [this.shape[1] * this.scale, this.shape[0] * this.scale];
      return full.map((length, axis) => {
        const room = this.size[axis];
        if (length <= room) return (room - length) / 2;
        return clamp(room / 2 - this.center[axis] * length, room - length, 0);
      });
    },
    sheet() {
      if (!this.shape) return {};
      return {
        left: this.origin[0] + "px",
        top: this.origin[1] + "px",
        width: this.shape[1] * this.scale + "px",
        height: this.shape[0] * this.scale + "px",
      };
    },
    grayClip() {
      if (this.allGray) return {};
      if (!this.split || !this.shape) return { display: "none" };
      const at = this.share * this.size[0] - this.origin[0];
      const share = clamp(at / (this.shape[1] * this.scale), 0, 1);
      return { clipPath: `inset(0 ${100 - 100 * share}% 0 0)` };
    },
    shownHints() {
      return (this.hints || []).map((hint, number) =>
        this.dragged && this.dragged.number === number
          ? { ...hint, row: this.dragged.row, column: this.dragged.column }
          : hint
      );
    },
    cardStyle() {
      if (!this.card) return {};
      const [x, y] = this.point(this.card[0], this.card[1]);
      const [width, height] = this.cardSize;
      const below = y + 18 + height <= this.size[1];
      return {
        left: clamp(x - width / 2, 4, Math.max(4, this.size[0] - width - 4)) + "px",
        top: clamp(below ? y + 18 : y - 18 - height, 4,
                   Math.max(4, this.size[1] - height - 4)) + "px",
      };
    },
  },
  watch: {
    photo() {
      this.start();
    },
    edits() {
      // A draft first, and the picture itself when nothing has changed for a moment.
      this.draft = this.drawn.color !== undefined;
      clearTimeout(this.rest);
      this.rest = setTimeout(() => {
        this.draft = false;
        this.load();
      }, REST);
      this.load();
    },
    split() {
      this.load();
    },
    scale() {
      this.later();
    },
    center() {
      this.later();
    },
  },
  mounted() {
    this.pointers = new Map();
    this.drawn = {};
    this.observer = new ResizeObserver(() => {
      const box = this.$refs.stage.getBoundingClientRect();
      this.size = [Math.max(1, box.width), Math.max(1, box.height)];
      this.later();
    });
    this.observer.observe(this.$refs.stage);
    this.cardObserver = new ResizeObserver(() => {
      const card = this.$refs.card;
      this.cardSize = [card.offsetWidth, card.offsetHeight];
    });
    this.cardObserver.observe(this.$refs.card);
    window.addEventListener("keydown", this.onWindowKey);
    window.addEventListener("keyup", this.onWindowKeyUp);
    window.addEventListener("blur", this.onWindowKeyUp);
    this.start();
  },
  unmounted() {
    this.observer.disconnect();
    this.cardObserver.disconnect();
    window.removeEventListener("keydown", this.onWindowKey);
    window.removeEventListener("keyup", this.onWindowKeyUp);
    window.removeEventListener("blur", this.onWindowKeyUp);
    clearTimeout(this.timer);
    clearTimeout(this.rest);
  },
  methods: {
    // Places
    point(row, column) {
      return [
        this.origin[0] + (column + 0.5) * this.scale,
        this.origin[1] + (row + 0.5) * this.scale,
      ];
    },
    at(row, column) {
      const [x, y] = this.point(row, column);
      return { left: x + "px", top: y + "px" };
    },
    pixel(event) {
      // Row and column under the pointer, or null beside the photo.
      const box = this.$refs.stage.getBoundingClientRect();
      return this.inside(
        (event.clientY - box.top - this.origin[1]) / this.scale - 0.5,
        (event.clientX - box.left - this.origin[0]) / this.scale - 0.5
      );
    },
    inside(row, column, clip = false) {
      if (!this.shape) return null;
      const [height, width] = this.shape;
      if (clip) return [clamp(row, 0, height - 1), clamp(column, 0, width - 1)];
      const is = row >= -0.5 && column >= -0.5 && row < height - 0.5 && column < width - 0.5;
      return is ? [clamp(row, 0, height - 1), clamp(column, 0, width - 1)] : null;
    },
    visible() {
      // Left, top, right and bottom of what is seen, as shares of the photo.
      const width = this.shape[1] * this.scale;
      const height = this.shape[0] * this.scale;
      return [
        clamp(-this.origin[0] / width, 0, 1),
        clamp(-this.origin[1] / height, 0, 1),
        clamp((this.size[0] - this.origin[0]) / width, 0, 1),
        clamp((this.size[1] - this.origin[1]) / height, 0, 1),
      ];
    },
    focus() {
      this.$refs.view.focus();
    },

    // Zoom
    fit() {
      this.zoom = 1;
      this.center = [0.5, 0.5];
    },
    zoomBy(factor, x = this.size[0] / 2, y = this.size[1] / 2) {
      if (!this.shape) return;
      const most = Math.max(MAX_ZOOM, 4 / this.fitScale);
      const zoom = clamp(this.zoom * factor, 1, most);
      const place = [x, y].map(
        (at, axis) =>
          (at - this.origin[axis]) / (this.shape[1 - axis] * this.scale)
      );
      this.zoom = zoom;
      this.center = place.map(
        (share, axis) =>
          share + (this.size[axis] / 2 - [x, y][axis]) /
            (this.shape[1 - axis] * this.fitScale * zoom)
      );
      this.settleCenter();
    },
    settleCenter() {
      // What the view cannot show is not kept, or a pan back would seem stuck.
      this.center = this.center.map((share, axis) => {
        const half = this.size[axis] / 2 / (this.shape[1 - axis] * this.scale);
        return half >= 0.5 ? 0.5 : clamp(share, half, 1 - half);
      });
    },
    onWheel(event) {
      const box = this.$refs.stage.getBoundingClientRect();
      const turn = event.deltaMode === 1 ? event.deltaY * 16 : event.deltaY;
      this.zoomBy(Math.exp(-clamp(turn, -200, 200) / 300),
                  event.clientX - box.left, event.clientY - box.top);
    },

    // Pointers
    onDown(event) {
      if (event.button !== 0 || !this.photo) return;
      this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
      this.moved = this.pointers.size > 1 ? Infinity : 0;
      this.$refs.stage.setPointerCapture(event.pointerId);
      this.$refs.view.focus({ preventScroll: true });
      this.cross = null;
    },
    onMove(event) {
      const before = this.pointers.get(event.pointerId);
      if (!before) {
        this.watch(event);
        return;
      }
      const by = [event.clientX - before[0], event.clientY - before[1]];
      this.moved += Math.hypot(...by);
      const others = [...this.pointers].filter(([id]) => id !== event.pointerId);
      if (others.length) {
        const other = others[0][1];
        const now = [event.clientX, event.clientY];
        const apart = (from) => Math.hypot(from[0] - other[0], from[1] - other[1]);
        const box = this.$refs.stage.getBoundingClientRect();
        this.zoomBy(apart(now) / Math.max(apart(before), 1),
                    (now[0] + other[0]) / 2 - box.left,
                    (now[1] + other[1]) / 2 - box.top);
      } else if (this.moved > STILL) {
        this.panning = true;
        this.center = this.center.map(
          (share, axis) => share - by[axis] / (this.shape[1 - axis] * this.scale)
        );
        this.settleCenter();
      }
      this.pointers.set(event.pointerId, [event.clientX, event.clientY]);
    },
    onUp(event) {
      const had = this.pointers.delete(event.pointerId);
      this.panning = false;
      if (!had || this.moved > STILL || this.pointers.size) return;
      const place = this.pixel(event);
      if (place) this.$emit("point", { row: place[0], column: place[1] });
      else this.$emit("beside");
    },
    onCancel(event) {
      this.pointers.delete(event.pointerId);
      this.panning = false;
    },
    onLeave() {
      if (this.watching) this.$emit("watch", null);
    },
    watch(event) {
      if (!this.watching) return;
      const now = performance.now();
      if (now - (this.watched || 0) < 70) return;
      this.watched = now;
      const place = this.pixel(event);
      this.$emit("watch", place && { row: place[0], column: place[1] });
    },

    // The line between gray and color
    onLineDown(event) {
      this.lineHeld = true;
      this.$refs.line.setPointerCapture(event.pointerId);
    },
    onLineMove(event) {
      if (!this.lineHeld) return;
      const box = this.$refs.stage.getBoundingClientRect();
      this.share = clamp((event.clientX - box.left) / box.width, 0, 1);
    },
    onLineKey(event) {
      const steps = { ArrowLeft: -0.02, ArrowRight: 0.02, PageDown: -0.1, PageUp: 0.1,
                      Home: -1, End: 1 };
      if (!(event.key in steps)) return;
      event.preventDefault();
      event.stopPropagation();
      this.share = clamp(this.share + steps[event.key], 0, 1);
    },

    // Dots
    onDotDown(event, number) {
      if (event.button !== 0) return;
      const hint = this.hints[number];
      this.dragged = { number, row: hint.row, column: hint.column, path: 0 };
      this.dotFrom = [event.clientX, event.clientY];
      event.currentTarget.setPointerCapture(event.pointerId);
    },
    onDotMove(event) {
      if (!this.dragged) return;
      const by = [event.clientX - this.dotFrom[0], event.clientY - this.dotFrom[1]];
      this.dotFrom = [event.clientX, event.clientY];
      const path = this.dragged.path + Math.hypot(...by);
      const [row, column] = this.inside(
        this.dragged.row + by[1] / this.scale,
        this.dragged.column + by[0] / this.scale, true);
      this.dragged = { ...this.dragged, row, column, path };
      if (path > STILL) this.emitMove(false);
    },
    onDotUp() {
      if (this.dragged && this.dragged.path > STILL) {
        this.emitMove(true);
        this.dotMoved = true;
      }
      // The server's own hints follow at once.
      setTimeout(() => (this.dragged = null), 150);
    },
    onDotClick(event, number) {
      if (this.dotMoved) {
        this.dotMoved = false;
        return;
      }
      this.$emit("dot", { number });
    },
    onDotKey(event, number) {
      const hint = this.hints[number];
      const step = (event.shiftKey ? 20 : 4) / this.scale;
      const moves = { ArrowUp: [-step, 0], ArrowDown: [step, 0],
                      ArrowLeft: [0, -step], ArrowRight: [0, step] };
      if (event.key in moves) {
        const by = moves[event.key];
        const [row, column] = this.inside(hint.row + by[0], hint.column + by[1], true);
        this.$emit("move", { number, row, column, done: true });
      } else if (event.key === "Delete" || event.key === "Backspace") {
        this.$emit("remove", { number });
        this.$refs.view.focus();
      } else {
        return;
      }
      event.preventDefault();
      event.stopPropagation();
    },
    emitMove(done) {
      const now = performance.now();
      if (!done && now - (this.emitted || 0) < 60) return;
      this.emitted = now;
      const { number, row, column } = this.dragged;
      this.$emit("move", { number, row, column, done });
    },

    // Keys
    onKey(event) {
      if (!this.shape || event.ctrlKey || event.metaKey || event.altKey) return;
      const step = (event.shiftKey ? 40 : 8) / this.scale;
      const moves = { ArrowUp: [-step, 0], ArrowDown: [step, 0],
                      ArrowLeft: [0, -step], ArrowRight: [0, step] };
      if (event.key in moves) {
        const [row, column] = this.cross || this.middle();
        const by = this.cross ? moves[event.key] : [0, 0];
        this.cross = this.inside(row + by[0], column + by[1], true);
        this.follow(this.cross);
        if (this.watching) {
          this.$emit("watch", { row: this.cross[0], column: this.cross[1] });
        }
      } else if (event.key === "Enter" || event.key === " ") {
        const [row, column] = this.cross || this.middle();
        this.cross = [row, column];
        this.$emit("point", { row, column });
      } else if (event.key === "+" || event.key === "=") {
        this.zoomBy(1.5);
      } else if (event.key === "-") {
        this.zoomBy(1 / 1.5);
      } else if (event.key === "0") {
        this.fit();
      } else {
        return;
      }
      event.preventDefault();
    },
    middle() {
      const [left, top, right, bottom] = this.visible();
      return this.inside(((top + bottom) / 2) * this.shape[0],
                         ((left + right) / 2) * this.shape[1], true);
    },
    follow([row, column]) {
      // Pan so that a place is seen.
      const [x, y] = this.point(row, column);
      const beyond = [x, y].map((at, axis) =>
        at < 20 ? at - 20 : at > this.size[axis] - 20 ? at - this.size[axis] + 20 : 0);
      if (!beyond[0] && !beyond[1]) return;
      this.center = this.center.map((share, axis) =>
        share + beyond[axis] / (this.shape[1 - axis] * this.scale));
      this.settleCenter();
    },
    onWindowKey(event) {
      const typing = event.target.closest &&
        event.target.closest("input:not([type=range]), textarea, [contenteditable]");
      if (typing) return;
      const key = event.key.toLowerCase();
      if ((event.ctrlKey || event.metaKey) && (key === "z" || key === "y")) {
        event.preventDefault();
        this.$emit(key === "y" || event.shiftKey ? "redo" : "undo");
      } else if (key === "g" && !event.ctrlKey && !event.metaKey && !event.altKey) {
        if (!this.allGray) {
          this.allGray = true;
          this.load();
        }
      } else if (key === "escape") {
        this.$emit("beside");
      }
    },
    onWindowKeyUp(event) {
      if (event.type === "blur" || event.key.toLowerCase() === "g") this.allGray = false;
    },

    // Pictures
    start() {
      this.fit();
      this.drawn = {};
      this.parts = { colorPart: null, grayPart: null };
      this.dragged = this.cross = null;
      for (const name of ["color", "gray", "colorPart", "grayPart"]) {
        this.$refs[name].width = this.$refs[name].height = 0;
      }
      this.load();
    },
    later() {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.load(), 60);
    },
    partStyle(name) {
      const box = this.parts[name];
      if (!box) return { display: "none" };
      return {
        left: 100 * box[0] + "%",
        top: 100 * box[1] + "%",
        width: 100 * (box[2] - box[0]) + "%",
        height: 100 * (box[3] - box[1]) + "%",
      };
    },
    async load() {
      this.again = true;
      if (this.loading) return;
      this.loading = true;
      try {
        while (this.again) {
          this.again = false;
          for (const wanted of this.wanted()) {
            if (this.drawn[wanted.name] !== wanted.key) await this.draw(wanted);
            if (this.again) break;
          }
        }
      } finally {
        this.loading = false;
        this.busy = "";
      }
    },
    wanted() {
      // What is to be drawn, the most urgent first.
      if (!this.photo || !this.shape) return [];
      const dots = window.devicePixelRatio || 1;
      const screen = clamp(this.shape[1] * this.fitScale * dots, 64, 2048);
      const zoomed = this.shape[1] * this.scale * dots > screen * 1.1;
      const all = [0, 0, 1, 1];
      const box = zoomed ? this.visible() : all;
      const fine = { width: (box[2] - box[0]) * this.shape[1] * this.scale * dots, box };
      const found = [];
      const want = (name, gray, part) => {
        const version = gray ? "gray" : this.edits;
        const draft = !gray && this.draft;
        const { width, box } = part ? fine : { width: screen, box: all };
        found.push({ name, gray, draft, width: Math.ceil(width), box, version });
      };
      const gray = this.split || this.allGray;
      if (!this.drawn.gray && !this.drawn.color) want("gray", true, false);
      if (zoomed) want("colorPart", false, true);
      else this.parts.colorPart = this.parts.grayPart = null;
      if (zoomed && gray) want("grayPart", true, true);
      want("color", false, false);
      want("gray", true, false);
      const key = (one) =>
        JSON.stringify([one.version, one.width, one.box, one.draft]);
      return found
        .map((one) => ({ ...one, key: key(one) }))
        .filter((one) => this.drawn[one.name] !== one.key);
    },
    async draw(wanted) {
      const photo = this.photo;
      const query = new URLSearchParams({
        width: wanted.width,
        box: wanted.box.map((share) => share.toFixed(6)).join(","),
        gray: wanted.gray ? 1 : 0,
        draft: wanted.draft ? 1 : 0,
      });
      if (!wanted.gray && this.drawn.color === undefined) this.busy = "coloring …";
      let bitmap, box;
      try {
        const answer = await fetch(`/photos/${photo}/view?${query}`);
        if (!answer.ok) throw new Error(await answer.text());
        box = answer.headers.get("x-box").split(",").map(Number);
        bitmap = await createImageBitmap(await answer.blob());
      } catch (error) {
        if (photo === this.photo) {
          this.drawn[wanted.name] = wanted.key; // not asked for again and again
          this.$emit("problem", String(error.message || error));
        }
        return;
      }
      if (photo !== this.photo) return;
      const canvas = this.$refs[wanted.name];
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
      canvas.getContext("2d").drawImage(bitmap, 0, 0);
      bitmap.close();
      if (wanted.name.endsWith("Part")) this.parts[wanted.name] = box;
      if (wanted.name === "gray" && this.drawn.color === undefined) {
        // Until there are colors the gray photo stands in.
        const color = this.$refs.color;
        color.width = canvas.width;
        color.height = canvas.height;
        color.getContext("2d").drawImage(canvas, 0, 0);
      }
      this.drawn[wanted.name] = wanted.key;
      if (!wanted.gray) {
        this.busy = "";
        this.$refs.stage.dataset.shown = `${photo} ${wanted.version}`;
        if (wanted.name === "color" && !wanted.draft) {
          this.$emit("drawn", { edits: wanted.version });
        }
      }
    },
  },
};
