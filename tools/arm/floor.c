/* The C floor of the counted jobs: `floor JOB FORMAT FRAME COUNT`, with the benches' own floor functions.
 *
 * The same boxes and quality as jobs.py; libjpeg-turbo is the static library that went into the wheel.
 */
#include "event.c"

enum { WIDTH = 1920, HEIGHT = 1080, QUALITY = 85 };
static const int VEHICLE[4] = {560, 360, 640, 400}, PLATE[4] = {800, 640, 160, 48}, FULL[4] = {0, 0, WIDTH, HEIGHT};
static unsigned char frame[WIDTH * HEIGHT * 3];

/* As long as the JSON that the package renders for such an event. */
static char json[700];

static long one_image(const unsigned char *uv, int stride, const int *box)
{
    unsigned char *end = jpeg(body, frame, uv, stride, box, QUALITY);
    return end ? (long)(end - body) : 0;
}

static long job(const char *name, int is_nv12)
{
    int stride = is_nv12 ? WIDTH : WIDTH * 3;
    const unsigned char *uv = is_nv12 ? frame + WIDTH * HEIGHT : NULL;
    if (!strcmp(name, "event"))
        return floor_event(frame, uv, stride, VEHICLE, PLATE, QUALITY, json, sizeof json);
    return one_image(uv, stride, !strcmp(name, "vehicle") ? VEHICLE : !strcmp(name, "plate") ? PLATE : FULL);
}

int main(int argc, char **argv)
{
    if (argc != 5) {
        fprintf(stderr, "want: floor JOB FORMAT FRAME COUNT\n");
        return 2;
    }
    FILE *file = fopen(argv[3], "rb");
    if (!file || !fread(frame, 1, sizeof frame, file) || !ready()) {
        fprintf(stderr, "floor: cannot read %s, or no memory\n", argv[3]);
        return 1;
    }
    fclose(file);
    memset(json, 'j', sizeof json);
    for (int left = atoi(argv[4]); left > 0; left--)
        if (!job(argv[1], !strcmp(argv[2], "nv12"))) {
            fprintf(stderr, "floor: libjpeg-turbo refused\n");
            return 1;
        }
    return 0;
}
