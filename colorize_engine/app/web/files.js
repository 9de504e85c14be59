// Photos come in: chosen, dropped anywhere on the page, or pasted.

export default {
  template: `
    <span>
      <input ref="input" type="file" multiple class="unseen" tabindex="-1"
             aria-hidden="true" @change="onChoose">
      <div v-if="over" class="drop-here" aria-hidden="true">Drop photos here</div>
    </span>`,
  props: { photo: String },
  data() {
    return { over: 0 };
  },
  mounted() {
    this.waiting = [];
    this.handlers = {
      dragenter: (event) => this.onDrag(event, 1),
      dragleave: (event) => this.onDrag(event, -1),
      dragover: (event) => this.hasFiles(event) && event.preventDefault(),
      drop: this.onDrop,
      paste: this.onPaste,
    };
    for (const [name, handler] of Object.entries(this.handlers)) {
      window.addEventListener(name, handler);
    }
  },
  unmounted() {
    for (const [name, handler] of Object.entries(this.handlers)) {
      window.removeEventListener(name, handler);
    }
  },
  methods: {
    choose() {
      this.$refs.input.click();
    },
    hasFiles(event) {
      return event.dataTransfer && [...event.dataTransfer.types].includes("Files");
    },
    onDrag(event, by) {
      if (!this.hasFiles(event)) return;
      event.preventDefault();
      this.over = Math.max(0, this.over + by);
    },
    onDrop(event) {
      if (!this.hasFiles(event)) return;
      event.preventDefault();
      this.over = 0;
      this.send([...event.dataTransfer.files]);
    },
    onPaste(event) {
      const files = [...(event.clipboardData ? event.clipboardData.files : [])];
      if (files.length) this.send(files);
    },
    onChoose() {
      this.send([...this.$refs.input.files]);
      this.$refs.input.value = "";
    },
    async send(files) {
      this.waiting.push(...files);
      if (this.sending) return;
      this.sending = true;
      this.done = 0;
      try {
        while (this.waiting.length) {
          const file = this.waiting.shift();
          const all = this.done + this.waiting.length + 1;
          this.$emit("progress", { name: file.name, done: this.done, all });
          await this.sendOne(file);
          this.done += 1;
        }
      } finally {
        this.sending = false;
        this.$emit("progress", null);
      }
    },
    async sendOne(file) {
      const name = file.name || "pasted.png";
      const query = new URLSearchParams({ name, photo: this.photo || "" });
      try {
        const answer = await fetch(`/photos?${query}`, { method: "POST", body: file });
        const result = await answer.json();
        if (answer.ok) this.$emit("opened", { ...result, first: this.done === 0 });
        else this.$emit("refused", { name, reason: result.error });
      } catch (error) {
        const reason = "the program does not answer";
        this.$emit("refused", { name, reason });
      }
    },
  },
};
