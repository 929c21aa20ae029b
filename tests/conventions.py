"""Small nets in every layout that `check` understands unasked, written as people write them.

`RIGHT` has them by convention and layout; `WRONG` says how one is made wrong, and what is said of
it: causes, "convention" (one factor on all gradients), or "undecided".
"""

SOFTMAX_ROWS = """
def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)
"""
SIGMOID = """
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
"""

RETURNED = f"""
{SOFTMAX_ROWS}
class TwoLayerNet:
    def __init__(self, input_size, hidden_size, output_size):
        self.params = {{}}
        self.params['W1'] = 0.1 * np.random.randn(input_size, hidden_size)
        self.params['b1'] = np.zeros(hidden_size)
        self.params['W2'] = 0.1 * np.random.randn(hidden_size, output_size)
        self.params['b2'] = np.zeros(output_size)

    def predict(self, x):
        h = np.maximum(0, x @ self.params['W1'] + self.params['b1'])
        return softmax(h @ self.params['W2'] + self.params['b2'])

    def loss(self, x, t):
        return -np.sum(t * np.log(self.predict(x) + 1e-12)) / len(x)

    def gradient(self, x, t):
        z = x @ self.params['W1'] + self.params['b1']
        h = np.maximum(0, z)
        dy = (softmax(h @ self.params['W2'] + self.params['b2']) - t) / len(x)
        dz = dy @ self.params['W2'].T
        dz[z <= 0] = 0
        return {{'W1': x.T @ dz, 'b1': dz.sum(axis=0), 'W2': h.T @ dy, 'b2': dy.sum(axis=0)}}
"""

KEPT = f"""
{SIGMOID}
class Network:
    def __init__(self, n_x, n_h, n_y):
        self.W1 = np.random.randn(n_h, n_x) * 0.3
        self.b1 = np.zeros((n_h, 1))
        self.W2 = np.random.randn(n_y, n_h) * 0.3
        self.b2 = np.zeros((n_y, 1))

    def forward(self, X):
        self.A1 = np.tanh(self.W1 @ X + self.b1)
        self.A2 = sigmoid(self.W2 @ self.A1 + self.b2)
        return self.A2

    def compute_loss(self, A2, Y):
        m = Y.shape[1]
        return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m

    def backward(self, X, Y):
        m = Y.shape[1]
        dZ2 = self.A2 - Y
        self.dW2 = dZ2 @ self.A1.T / m
        self.db2 = np.sum(dZ2, axis=1, keepdims=True) / m
        dZ1 = self.W2.T @ dZ2 * (1 - self.A1 ** 2)
        self.dW1 = dZ1 @ X.T / m
        self.db1 = np.sum(dZ1, axis=1, keepdims=True) / m
"""

APPLIED = f"""
{SIGMOID}
class MLP:
    def __init__(self, inputs, hidden, outputs, learning_rate):
        self.w1 = np.random.uniform(-1, 1, (inputs, hidden))
        self.w2 = np.random.uniform(-1, 1, (hidden, outputs))
        self.lr = learning_rate

    def feedforward(self, x):
        self.hidden = sigmoid(x.dot(self.w1))
        return sigmoid(self.hidden.dot(self.w2))

    def train(self, x, y):
        out = self.feedforward(x)
        delta = (y - out) * out * (1 - out)
        hidden_delta = delta.dot(self.w2.T) * self.hidden * (1 - self.hidden)
        self.w2 += self.lr * self.hidden.T.dot(delta)
        self.w1 += self.lr * x.T.dot(hidden_delta)
"""

HOLDER = f"""
{SIGMOID}
class NeuralNetwork:
    def __init__(self, x, y):
        self.input = x
        self.weights1 = np.random.rand(self.input.shape[1], 4)
        self.weights2 = np.random.rand(4, OUTPUTS)
        self.y = y
        self.output = np.zeros(self.y.shape)

    def feedforward(self):
        self.layer1 = sigmoid(np.dot(self.input, self.weights1))
        self.output = sigmoid(np.dot(self.layer1, self.weights2))

    def backprop(self):
        delta = 2 * (self.y - self.output) * self.output * (1 - self.output)
        d_weights2 = np.dot(self.layer1.T, delta)
        inner = np.dot(delta, self.weights2.T) * self.layer1 * (1 - self.layer1)
        d_weights1 = np.dot(self.input.T, inner)
        self.weights1 += d_weights1
        self.weights2 += d_weights2
"""

COURSE = f"""
{SIGMOID}
def initialize_parameters(n_x, n_h, n_y):
    W1 = np.random.randn(n_h, n_x) * 0.01
    b1 = np.zeros((n_h, 1))
    W2 = np.random.randn(n_y, n_h) * 0.01
    b2 = np.zeros((n_y, 1))
    return {{"W1": W1, "b1": b1, "W2": W2, "b2": b2}}

def forward_propagation(X, parameters):
    Z1 = parameters["W1"] @ X + parameters["b1"]
    A1 = np.tanh(Z1)
    Z2 = parameters["W2"] @ A1 + parameters["b2"]
    A2 = sigmoid(Z2)
    return A2, {{"Z1": Z1, "A1": A1, "Z2": Z2, "A2": A2}}

def compute_cost(A2, Y):
    m = Y.shape[1]
    return -np.sum(Y * np.log(A2) + (1 - Y) * np.log(1 - A2)) / m

def backward_propagation(parameters, cache, X, Y):
    m = X.shape[1]
    A1, A2 = cache["A1"], cache["A2"]
    dZ2 = A2 - Y
    dW2 = dZ2 @ A1.T / m
    db2 = np.sum(dZ2, axis=1, keepdims=True) / m
    dZ1 = parameters["W2"].T @ dZ2 * (1 - np.power(A1, 2))
    dW1 = dZ1 @ X.T / m
    db1 = np.sum(dZ1, axis=1, keepdims=True) / m
    return {{"dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}}
"""

SEPARATE = f"""
{SOFTMAX_ROWS}
def init_params(n_in, n_hidden, n_out):
    W1 = np.random.randn(n_in, n_hidden) * 0.1
    b1 = np.zeros(n_hidden)
    W2 = np.random.randn(n_hidden, n_out) * 0.1
    b2 = np.zeros(n_out)
    return W1, b1, W2, b2

def forward(X, W1, b1, W2, b2):
    z1 = X @ W1 + b1
    a1 = np.tanh(z1)
    probs = softmax(a1 @ W2 + b2)
    return z1, a1, probs

def cross_entropy(probs, y):
    return -np.mean(np.log(probs[np.arange(len(y)), y]))

def backward(X, y, z1, a1, probs, W1, b1, W2, b2):
    n = len(y)
    d2 = probs.copy()
    d2[np.arange(n), y] -= 1
    d2 /= n
    dW2, db2 = a1.T @ d2, d2.sum(axis=0)
    d1 = d2 @ W2.T * (1 - a1 ** 2)
    dW1, db1 = X.T @ d1, d1.sum(axis=0)
    return dW1, db1, dW2, db2
"""

LOSS_ROWS = f"""
{SOFTMAX_ROWS}
def init_weights(d, k):
    return np.random.randn(d, k) * 0.1

def softmax_loss(W, X, y, reg):
    n = X.shape[0]
    p = softmax(X @ W)
    loss = -np.log(p[np.arange(n), y]).mean() + reg * np.sum(W * W)
    p[np.arange(n), y] -= 1
    return loss, X.T @ p / n + 2 * reg * W
"""

LOSS_COLUMNS = f"""
{SIGMOID}
class Regression:
    def __init__(self, n_x):
        self.w = np.random.randn(1, n_x) * 0.1
        self.b = np.zeros((1, 1))

    def loss(self, X, Y):
        m = X.shape[1]
        A = sigmoid(self.w @ X + self.b)
        cost = -np.sum(Y * np.log(A) + (1 - Y) * np.log(1 - A)) / m
        return cost, {{"w": (A - Y) @ X.T / m, "b": np.sum(A - Y, axis=1, keepdims=True) / m}}
"""

UNROLLED = f"""
{SIGMOID}
def nn_cost(nn_params, input_size, hidden_size, num_labels, X, y, lam):
    m = len(X)
    cut = hidden_size * (input_size + 1)
    theta1 = nn_params[:cut].reshape(hidden_size, input_size + 1)
    theta2 = nn_params[cut:].reshape(num_labels, hidden_size + 1)
    a1 = np.hstack([np.ones((m, 1)), X])
    a2 = np.hstack([np.ones((m, 1)), sigmoid(a1 @ theta1.T)])
    h = sigmoid(a2 @ theta2.T)
    cost = -np.sum(y * np.log(h) + (1 - y) * np.log(1 - h)) / m
    cost += lam / (2 * m) * (np.sum(theta1[:, 1:] ** 2) + np.sum(theta2[:, 1:] ** 2))
    d3 = h - y
    d2 = (d3 @ theta2 * a2 * (1 - a2))[:, 1:]
    grad1, grad2 = d2.T @ a1 / m, d3.T @ a2 / m
    grad1[:, 1:] += lam / m * theta1[:, 1:]
    grad2[:, 1:] += lam / m * theta2[:, 1:]
    return cost, np.concatenate([grad1.ravel(), grad2.ravel()])
"""

TWO_FUNCTIONS = f"""
{SIGMOID}
def cost(theta, X, y):
    h = sigmoid(X @ theta)
    return -np.mean(y * np.log(h) + (1 - y) * np.log(1 - h))

def gradient(theta, X, y):
    return X.T @ (sigmoid(X @ theta) - y) / len(y)
"""

NEURONS = """
import math

def sigmoid(t):
    return 1 / (1 + math.exp(-t))

def neuron_output(weights, inputs):
    return sigmoid(sum(w * x for w, x in zip(weights, inputs)))

def feed_forward(neural_network, input_vector):
    outputs = []
    for layer in network_layers(neural_network):
        input_with_bias = input_vector + [1]
        output = [neuron_output(neuron, input_with_bias) for neuron in layer]
        outputs.append(output)
        input_vector = output
    return outputs

def network_layers(network):
    return network

def NAME(network, input_vector, target):
    hidden, outputs = feed_forward(network, input_vector)
    output_deltas = [o * (1 - o) * (o - t) * 2 for o, t in zip(outputs, target)]
    hidden_deltas = [
        h * (1 - h) * sum(d * n[i] for d, n in zip(output_deltas, network[-1]))
        for i, h in enumerate(hidden)
    ]
"""
RETURNING = """
    return [[[d * x for x in input_vector + [1]] for d in hidden_deltas],
            [[d * h for h in hidden + [1]] for d in output_deltas]]
"""
APPLYING = """
    for d, neuron in zip(output_deltas, network[-1]):
        for j, h in enumerate(hidden + [1]):
            neuron[j] -= d * h
    for d, neuron in zip(hidden_deltas, network[0]):
        for j, x in enumerate(input_vector + [1]):
            neuron[j] -= d * x
"""
NEURONS = NEURONS.replace("neural_network, input_vector", "network, input_vector").replace(
    "network_layers(neural_network)", "network_layers(network)"
)

LAYER = """
class Layer_Dense:
    def __init__(self, n_inputs, n_neurons):
        self.weights = 0.01 * np.random.randn(n_inputs, n_neurons)
        self.biases = np.zeros((1, n_neurons))

    def forward(self, inputs):
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights) + self.biases

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dbiases = np.sum(dvalues, axis=0, keepdims=True)
        self.dinputs = np.dot(dvalues, self.weights.T)
"""

COLUMN_LAYER = """
class Linear:
    def __init__(self, in_features, out_features):
        self.W = np.random.randn(out_features, in_features) * 0.1
        self.b = np.zeros((out_features, 1))

    def forward(self, x):
        self.x = x
        return self.W @ x + self.b

    def backward(self, grad):
        self.dW = grad @ self.x.T
        self.db = grad.sum(axis=1, keepdims=True)
        return self.W.T @ grad
"""

DENSE = """
class Dense:
    def __init__(self, n_in, n_out):
        self.W = np.random.randn(n_in, n_out) * 0.1
        self.b = np.zeros(n_out)

    def forward(self, x):
        self.x = x
        return x @ self.W + self.b

    def backward(self, grad):
        self.dW = self.x.T @ grad
        self.db = grad.sum(axis=0)
        return grad @ self.W.T

class ReLU:
    def forward(self, x):
        self.mask = x > 0
        return x * self.mask

    def backward(self, grad):
        return grad * self.mask
"""
PASSES = """
    def forward(self, x):
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, grad):
        for layer in reversed(self.layers):
            grad = layer.backward(grad)
        return grad
"""
GIVEN_LAYERS = f"""
{DENSE}
class Sequential:
    def __init__(self, layers):
        self.layers = layers
{PASSES}
"""
ADDED_LAYERS = f"""
{DENSE}
class Model:
    def __init__(self):
        self.layers = []

    def add(self, layer):
        self.layers.append(layer)
{PASSES}
"""

CACHE = """
def affine_forward(x, w, b):
    out = x.reshape(len(x), -1) @ w + b
    return out, (x, w, b)

def affine_backward(dout, cache):
    x, w, b = cache
    dx = (dout @ w.T).reshape(x.shape)
    dw = x.reshape(len(x), -1).T @ dout
    return dx, dw, dout.sum(axis=0)
"""
COLUMN_CACHE = """
def linear_forward(A, W, b):
    return W @ A + b, (A, W, b)

def linear_backward(dZ, cache):
    A_prev, W, b = cache
    return W.T @ dZ, dZ @ A_prev.T, np.sum(dZ, axis=1, keepdims=True)
"""

ENGINE = """
class Value:
    def __init__(self, data, parents=()):
        self.data, self.grad, self.parents = data, 0.0, parents
        self._backward = lambda: None

    def __add__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data + other.data, (self, other))
        def back():
            self.grad += out.grad
            other.grad += out.grad
        out._backward = back
        return out

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other))
        def back():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad
        out._backward = back
        return out

    __radd__, __rmul__ = __add__, __mul__

    def backward(self):
        order, seen = [], set()
        def visit(node):
            if node not in seen:
                seen.add(node)
                for parent in node.parents:
                    visit(parent)
                order.append(node)
        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            node._backward()
"""
SCALAR = ENGINE.replace("Value", "Scalar").replace(
    "    def backward(self)",
    "    def relu(self):\n"
    "        out = Scalar(max(self.data, 0.0), (self,))\n"
    "        def back():\n"
    "            self.grad += (out.data > 0) * out.grad\n"
    "        out._backward = back\n"
    "        return out\n\n    def backward(self)",
)

# (convention, what is special in the layout, the text)
RIGHT = [
    ("objects", "rows, gradients returned", RETURNED),
    ("objects", "columns, gradients kept", KEPT),
    ("objects", "rows, gradients applied", APPLIED),
    ("holders", "one output", HOLDER.replace("OUTPUTS", "1")),
    ("holders", "several outputs", HOLDER.replace("OUTPUTS", "3")),
    ("functions", "columns, one output, a dict", COURSE),
    ("functions", "rows, several outputs, separate arguments", SEPARATE),
    ("losses_with_gradients", "rows, a function", LOSS_ROWS),
    ("losses_with_gradients", "columns, a method", LOSS_COLUMNS),
    ("unrolled", "a hidden layer, one function", UNROLLED),
    ("unrolled", "one output, two functions", TWO_FUNCTIONS),
    (
        "neuron_lists",
        "gradients returned",
        NEURONS.replace("NAME", "sqerror_gradients") + RETURNING,
    ),
    ("neuron_lists", "gradients applied", NEURONS.replace("NAME", "backpropagate") + APPLYING),
    ("layers", "rows, all kept", LAYER),
    ("layers", "columns, one returned", COLUMN_LAYER),
    ("containers", "layers given", GIVEN_LAYERS),
    ("containers", "layers added", ADDED_LAYERS),
    ("caches", "rows", CACHE),
    ("caches", "columns", COLUMN_CACHE),
    ("engines", "sums and products", ENGINE),
    ("engines", "and relu", SCALAR),
]

# (the right text, a line of it, what is written in its place, what is said)
WRONG = [
    (RETURNED, "dz[z <= 0] = 0", "pass", "mask"),
    (KEPT, "(1 - self.A1 ** 2)", "(1 - np.tanh(self.A1) ** 2)", "derivative_of_output"),
    (KEPT, "dZ2 = self.A2 - Y", "dZ2 = Y - self.A2", "undecided"),
    (APPLIED, "* self.hidden * (1 - self.hidden)", "", "no_derivative"),
    (HOLDER.replace("OUTPUTS", "1"), " * self.layer1 * (1 - self.layer1)", "", "no_derivative"),
    (COURSE, "dW1 = dZ1 @ X.T / m", "dW1 = dZ1 @ X.T", "batch_size"),
    (SEPARATE, "d2 @ W2.T * (1 - a1 ** 2)", "d2 @ W2.T * (1 - z1 ** 2)", "derivative_of_input"),
    (SEPARATE, "    d2 /= n\n", "", "convention"),
    (LOSS_ROWS, "2 * reg * W", "reg * W", "undecided"),
    (LOSS_COLUMNS, '"w": (A - Y) @', '"w": (Y - A) @', "sign"),
    (UNROLLED, "(d3 @ theta2 * a2 * (1 - a2))", "(d3 @ theta2)", "no_derivative"),
    (TWO_FUNCTIONS, "X.T @ (sigmoid(X @ theta) - y)", "X.T @ (X @ theta - y)", "loss_gradient"),
    (RIGHT[11][2], "        h * (1 - h) * sum", "        sum", "no_derivative"),
    (LAYER, "np.sum(dvalues, axis=0, keepdims=True)", "np.mean(dvalues, axis=0)", "batch_size"),
    (GIVEN_LAYERS, "return grad * self.mask", "return grad", "mask layer"),
    (CACHE, "dout.sum(axis=0)", "dout.mean(axis=0)", "batch_size"),
    (
        ENGINE,
        "            self.grad += out.grad\n",
        "            self.grad = out.grad\n",
        "one_kernel",
    ),
]
