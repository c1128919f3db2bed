"""Ways to fail: shell texts that make real programs and libraries say so. The first word is the signature's id."""


def python(text: str) -> str:
    return f"python3 - <<'END'\n{text}\nEND"


def script(text: str, name: str = "symptom") -> str:
    """As a file of the user's, so that the traceback goes through it."""
    return (
        f"mkdir -p /tmp/{name}; cat > /tmp/{name}/predictor.py <<'END'\n{text}\nEND\npython3 /tmp/{name}/predictor.py"
    )


def gunicorn(text: str, options: str, until: str, ask: int = 0) -> str:
    """With a WSGI application in `text`, until it has said something, for 20 seconds at most; `ask` is a port."""
    folder = f"/tmp/{options.rpartition(':')[2].replace(' ', '')}"
    application = f"mkdir -p {folder}; cd {folder}; cat > wsgi.py <<'END'\n{text}\nEND\ntouch log\n"
    request = f"exec 2>/dev/null 3<>/dev/tcp/127.0.0.1/{ask} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3;" if ask else ""
    wait = f"for _ in $(seq 200); do grep -q '{until}' log && break; sleep 0.1; {request} done"
    return f"{application}gunicorn {options} wsgi:app > log 2>&1 & {wait}; kill -KILL $! 2>/dev/null; cat log"


IMPUTER = """
import pickle, numpy, re
from sklearn.impute import SimpleImputer
model = SimpleImputer().fit(numpy.ones((2, 2)))
del model._fit_dtype
old = pickle.dumps(model).replace(b"1.7.2", b"1.0.2")
pickle.loads(old).transform(numpy.ones((1, 2)))
"""

SYMPTOMS = {
    # programs
    "command-not-found": "printf 'nosuch-server --port 8080\\n' > /tmp/serve; bash /tmp/serve",
    "crlf-shebang": "printf '#!/usr/bin/env python3\\r\\n' > /tmp/crlf; chmod +x /tmp/crlf; /tmp/crlf",
    "crlf-script": "printf 'cd /tmp\\r\\n\\r\\nls\\r\\n' > /tmp/start; bash /tmp/start",
    "exec-format": "head -c 64 /dev/zero > /tmp/arm; sed -i '1s/^/\\x7fELF/' /tmp/arm; chmod +x /tmp/arm; "
    + python('import os\nos.execv("/tmp/arm", ["arm"])'),
    "shared-library": python('import ctypes\nctypes.CDLL("libnosuch.so.1")'),
    "library-too-old": "sed 's/GLIBC_2.34/GLIBC_9.34/' /bin/true > /tmp/newer; chmod +x /tmp/newer; /tmp/newer",
    "crash": python("import ctypes, faulthandler\nfaulthandler.enable()\nctypes.string_at(0)"),
    "illegal-instruction": "bash -c 'bash -c \"kill -ILL \\$\\$\"; true'",
    "too-many-threads": "chmod 755 /opt; setpriv --reuid 54321 --clear-groups prlimit --nproc=2 "
    "python3 -c 'import threading, time\nfor _ in range(9): threading.Thread(target=time.sleep, args=(1,)).start()'",
    "open-files": "ulimit -n 10; " + python("kept = [open('/dev/null') for _ in range(99)]"),
    # memory and disk
    "memory": python("bytearray(2**60)"),
    "java-memory": "ulimit -v 400000; java -Xmx300m -version",
    "killed": "bash -c 'bash -c \"kill -KILL \\$\\$\"; true'",
    "shared-memory": 'bash -c \'python3 - <<END\nimport mmap\nfile = open("/dev/shm/x", "w+b")\nfile.truncate(2**28)\n'
    "memory = mmap.mmap(file.fileno(), 0)\nfor at in range(0, 2**28, 4096): memory[at] = 1\nEND\ntrue'; rm /dev/shm/x",
    "disk-full": "cp /dev/zero /dev/full",
    "read-only": "touch /opt/ml/model/cache",
    "permission": "setpriv --reuid 54321 --clear-groups touch /root/cache",
    # network
    "port-in-use": gunicorn(
        "import socket\napp, kept = print, socket.create_server(('127.0.0.1', 8181))",
        "-b 127.0.0.1:8181 --preload",
        "Connection in use",
    ),
    "network": python('import urllib.request\nurllib.request.urlopen("http://huggingface.invalid")'),
    "network-timeout": python(
        'import socket, urllib.request\nkept = socket.create_server(("127.0.0.1", 8182))\n'
        'urllib.request.urlopen("http://127.0.0.1:8182", timeout=0.3)'
    ),
    "credentials": python('import boto3\nboto3.client("s3", region_name="us-east-1").list_buckets()'),
    "credentials region": python('import boto3\nboto3.client("sqs")'),
    # packages
    "requirements-missing": "pip install --retries 0 --timeout 1 nosuch-package==1.0",
    "requirements-syntax": "printf 'numpy == = 2\\n' > /tmp/bad.txt; pip install -r /tmp/bad.txt",
    "requirements-conflict": "pip install --no-index numpy==2.2.6 'numpy<2'",
    "requirements-failed": 'mkdir -p /tmp/package; cd /tmp/package; printf \'[project]\\nname = "p"\\nversion = "1"\\n'
    'requires-python = ">=3.99"\\n\' > pyproject.toml; touch p.py; pip install --no-index --no-build-isolation .',
    "numpy-version": "cd /opt/old && python3 -c 'import bottleneck'",
    "sklearn-version": script(IMPUTER, "imputer"),
    "sklearn-moved": script(
        'import pickle\npickle.loads(b"csklearn.linear_model.logistic\\nLogisticRegression\\n.")', "moved"
    ),
    "unpickle": script('import pickle\npickle.loads(b"c__main__\\nScaler\\n.")', "unpickle"),
    "pickle-protocol": script('import pickle\npickle.loads(b"\\x80\\x09.")', "protocol"),
    "pickle-python": script('import marshal\nmarshal.loads(b"\\x01\\x02")', "marshal"),
    "lfs-pointer": script('import pickle\npickle.loads(b"version https://git-lfs.github.com/spec/v1\\n")', "lfs"),
    "model-cut": script('import pickle\npickle.loads(b"")', "cut"),
    "protobuf-version": script(
        "from google.protobuf import descriptor\n"
        'descriptor.FieldDescriptor("a", "a", 0, 1, 9, 9, 1, False, "", None, None, None, False, None)',
        "protobuf",
    ),
    "no-module": script("import xgboost", "module"),
    "no-module-run": "python3 -m nosuch_server",
    "no-name": script("from json import nosuch", "name"),
    "circular-import": "mkdir -p /tmp/circular; cd /tmp/circular; "
    "echo 'import json; json.loads(\"1\")' > json.py; python3 -c 'import json'",
    "no-gpu-library": script('import ctypes\nctypes.CDLL("libcuda.so.1")', "cuda"),
    # handlers and servers
    "syntax-error": script("def model_fn(model_dir)\n    return None", "syntax"),
    "no-file": script('open("/opt/ml/model/model.joblib")', "file"),
    "server-missing": script(
        'import subprocess\nsubprocess.Popen(["nginx", "-c", "/opt/program/nginx.conf"])', "nginx"
    ),
    "training-variable": script('import os\nos.environ["SM_MODEL_DIR"]', "training"),
    "request-json": script('import json\njson.loads("a,b")', "json"),
    "answer-json": script('import json, numpy\njson.dumps({"predictions": numpy.ones(2)})', "ndarray"),
    "request-encoding": script('b"\\x89PNG".decode()', "encoding"),
    "feature-count": script(
        "import numpy\nfrom sklearn.linear_model import LinearRegression\n"
        "LinearRegression().fit(numpy.ones((2, 4)), [1, 2]).predict(numpy.ones((1, 3)))",
        "features",
    ),
    "not-fitted": script(
        "from sklearn.linear_model import LinearRegression\nLinearRegression().predict([[1]])", "fitted"
    ),
    "not-a-number": script('import numpy\nnumpy.array(["a", "b"]).astype(float)', "number"),
    "handler-error": script('{"age": 1}["sex"]', "handler"),
    "worker-timeout": gunicorn(
        "import time\ndef app(environ, start): time.sleep(30)", "-b 127.0.0.1:8183 --timeout 1", "WORKER TIMEOUT", 8183
    ),
    "killed by gunicorn": gunicorn("import os\nos.kill(os.getpid(), 9)", "-b 127.0.0.1:8184", "SIGKILL"),
    "wsgi-app": gunicorn("application = None", "-b 127.0.0.1:8185", "Failed"),
    "asgi-app": "cd /tmp; uvicorn nosuch:app --port 8186",
}
